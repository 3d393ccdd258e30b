/* The floor of a kernel sample: dump every device's 64-bit counters and keep the ifindex and eight of them.
 * Given a file with an exposition, the floor of a scrape: in addition write that text, each number anew, and compress it
 * (zlib, level 1).
 * For each line "N" on standard input it does so N times and writes a line with the N durations in nanoseconds; of a
 * scrape the CPU time. */
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define MOST 16384
#define MOST_LINES (1 << 18)

struct reading {
	__u32 ifindex;
	__u64 counters[8];
};

/* A line of the exposition up to its value, and the value: a number, or text that is copied. */
struct line {
	const char *before, *value;
	int size, value_size;
	unsigned long long number;
};

static struct line lines[MOST_LINES];
static int line_count;
static char *text, *packed;
static size_t packed_size;
static z_stream stream;
static clockid_t clock_id = CLOCK_MONOTONIC;
static struct reading readings[MOST];
static char buffer[1 << 16];
static int found;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void keep(const struct nlmsghdr *head)
{
	const struct if_stats_msg *body = NLMSG_DATA(head);
	const struct rtattr *attribute = (const void *)((const char *)body + NLMSG_ALIGN(sizeof *body));

	if (head->nlmsg_type != RTM_NEWSTATS || attribute->rta_type != IFLA_STATS_LINK_64 || found == MOST)
		exit(2);
	readings[found].ifindex = body->ifindex;
	memcpy(readings[found].counters, RTA_DATA(attribute), sizeof readings[found].counters);
	found++;
}

/* Returns whether the dump goes on. */
static int take(ssize_t size)
{
	int left = (int)size;

	for (struct nlmsghdr *head = (void *)buffer; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
		if (head->nlmsg_type == NLMSG_DONE)
			return 0;
		keep(head);
	}
	return 1;
}

static char *whole(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *content;
	long size;

	if (!file || fseek(file, 0, SEEK_END) < 0)
		die(path);
	size = ftell(file);
	rewind(file);
	content = malloc(size + 1);
	if (!content || fread(content, 1, size, file) != (size_t)size)
		die(path);
	content[size] = 0;
	fclose(file);
	return content;
}

static void parse(char *content)
{
	size_t size = strlen(content);

	for (char *at = content, *end; (end = strchr(at, '\n')) && line_count < MOST_LINES; at = end + 1) {
		struct line *line = &lines[line_count++];
		char *space = at;

		for (char *one = at; one < end; one++)
			if (*one == ' ')
				space = one;
		line->before = at;
		line->size = (int)(space - at) + 1;
		line->value = space + 1;
		line->value_size = (int)(end - space);
		if (*at != '#' && (int)strspn(space + 1, "0123456789") == line->value_size - 1)
			line->number = strtoull(space + 1, NULL, 10) + 1;
	}
	if (deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(3);
	packed_size = deflateBound(&stream, size);
	text = malloc(2 * size);
	packed = malloc(packed_size);
	if (!text || !packed)
		die("malloc");
}

static char *decimal(char *at, unsigned long long number)
{
	char digits[20];
	int count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*at++ = digits[--count];
	*at++ = '\n';
	return at;
}

static void write_text(void)
{
	char *at = text;

	for (const struct line *line = lines; line < lines + line_count; line++) {
		memcpy(at, line->before, line->size);
		at += line->size;
		if (line->number) {
			at = decimal(at, line->number - 1);
		} else {
			memcpy(at, line->value, line->value_size);
			at += line->value_size;
		}
	}
	deflateReset(&stream);
	stream.next_in = (Bytef *)text;
	stream.avail_in = (uInt)(at - text);
	stream.next_out = (Bytef *)packed;
	stream.avail_out = (uInt)packed_size;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		exit(4);
}

static long long sample(int sock)
{
	struct { struct nlmsghdr head; struct if_stats_msg body; } request = {
		.head = { .nlmsg_len = sizeof request, .nlmsg_type = RTM_GETSTATS,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
		.body = { .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64) },
	};
	struct timespec from, to;
	ssize_t size;

	clock_gettime(clock_id, &from);
	found = 0;
	if (send(sock, &request, sizeof request, 0) < 0)
		die("send");
	do {
		size = recv(sock, buffer, sizeof buffer, 0);
		if (size < 0)
			die("recv");
	} while (take(size));
	if (line_count)
		write_text();
	clock_gettime(clock_id, &to);
	return (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
}

int main(int argc, char **argv)
{
	int sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), times;

	if (sock < 0)
		die("socket");
	if (argc > 1) {
		clock_id = CLOCK_PROCESS_CPUTIME_ID;
		parse(whole(argv[1]));
	}
	while (scanf("%d", &times) == 1) {
		while (times-- > 0)
			printf("%lld ", sample(sock));
		printf("%d\n", found);
		fflush(stdout);
	}
	return 0;
}
