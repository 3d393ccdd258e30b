/* The floor of a kernel sample: dump every device's 64-bit counters and keep the ifindex and eight of them.
 * For each line "N" on standard input it does so N times and writes a line with the N durations in nanoseconds. */
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 16384

struct reading {
	__u32 ifindex;
	__u64 counters[8];
};

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

static long long sample(int sock)
{
	struct { struct nlmsghdr head; struct if_stats_msg body; } request = {
		.head = { .nlmsg_len = sizeof request, .nlmsg_type = RTM_GETSTATS,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
		.body = { .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64) },
	};
	struct timespec from, to;
	ssize_t size;

	clock_gettime(CLOCK_MONOTONIC, &from);
	found = 0;
	if (send(sock, &request, sizeof request, 0) < 0)
		die("send");
	do {
		size = recv(sock, buffer, sizeof buffer, 0);
		if (size < 0)
			die("recv");
	} while (take(size));
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
}

int main(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), times;

	if (sock < 0)
		die("socket");
	while (scanf("%d", &times) == 1) {
		while (times-- > 0)
			printf("%lld ", sample(sock));
		printf("%d\n", found);
		fflush(stdout);
	}
	return 0;
}
