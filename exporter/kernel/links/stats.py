"""The counters of all devices in one RTM_GETSTATS dump, the largest kernel read of a scrape.

All records of a dump have one size, so a precompiled Struct decodes a whole datagram at C speed. Length, type, flags
and attribute of every record are checked first, by comparing the same byte of all records at once. Anything else is
parsed message by message. Source: linux/if_link.h, struct if_stats_msg.
"""

import errno
import struct
from collections.abc import Iterable

from exporter.core.model.kernel_sample import StatsRow
from exporter.kernel.netlink.client import answers, open_socket
from exporter.kernel.netlink.messages import (
    ATTRIBUTE,
    HEADER,
    SEQUENCE_AT,
    U32,
    Data,
    InterruptedDumpError,
    MalformedError,
    message,
    messages,
    raise_error,
)
from exporter.kernel.netlink.numbers import (
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    RTM_GETSTATS,
    RTM_NEWSTATS,
)

IFLA_STATS_LINK_64 = 1
IF_STATS_MSG = struct.Struct("=BBHII")  # family, pad, pad, ifindex, filter mask

IFINDEX_AT = HEADER.size + 4
ATTRIBUTE_AT = HEADER.size + IF_STATS_MSG.size
COUNTERS_AT = ATTRIBUTE_AT + 4
COUNTERS = struct.Struct("=8Q")
MAX_DATAGRAM = 1 << 16
# The bytes that are the same in each record: length, type and flags; the attribute's length and type.
CHECKED = (*range(SEQUENCE_AT), *range(ATTRIBUTE_AT, COUNTERS_AT))


class LinkStatsReader:
    """One socket in the namespace of the thread that made it, one buffer, and the record's shape once seen."""

    def __init__(self, timeout: float = 10.0) -> None:
        self._socket = open_socket(timeout=timeout, kernel_timeout=True)
        self._bytes = bytearray(MAX_DATAGRAM)
        self._buffer = memoryview(self._bytes)
        self._sequence = 0
        self._length = 0
        self._record = struct.Struct("")
        self._expected: tuple[tuple[int, bytes], ...] = ()
        self.walked = 0  # records that did not have the expected shape: a figure for tests and benchmarks

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def read(self, last: Iterable[int] = ()) -> list[StatsRow]:
        """Read all counters: a row per device, in the kernel's order; then those of `last` once more, at the end.

        A bridge that is read after its ports has counted whatever they had: what is internal to it is never
        overestimated. Its second row replaces the first where rows are kept by ifindex.
        Raises OSError (BlockingIOError when RTNL, one lock for the whole machine, is held by others for too long).
        """
        # A dump that timed out goes on arriving: its records have another sequence number.
        self._sequence = self._sequence % 250 + 1
        self._socket.send(_request(self._sequence))
        rows: list[StatsRow] = []
        interrupted = done = False
        while not done:
            size = self._socket.recv_into(self._buffer)
            whole = self._uniform(size)
            if whole:
                rows += self._record.iter_unpack(self._buffer[:whole])
            if whole < size:
                torn, done = self._walk(self._buffer[whole:size], rows)
                interrupted |= torn
        if interrupted:
            raise InterruptedDumpError
        for ifindex in last:
            self._read_one(ifindex, rows)
        return rows

    def _read_one(self, ifindex: int, rows: list[StatsRow]) -> None:
        """Read one device's counters; one that is gone has none."""
        try:
            for kind, data, start, end in answers(self._socket, _request(0, ifindex), self._sequence):
                if kind == RTM_NEWSTATS and (row := _parse_record(data, start - HEADER.size, end)):
                    rows.append(row)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise

    def _uniform(self, size: int) -> int:
        """Return how many bytes from the start are records of exactly the known shape."""
        length, data = self._length, self._bytes
        if not length:
            return 0
        count = size // length
        whole = count * length
        if data[SEQUENCE_AT:whole:length] != bytes((self._sequence,)) * count:
            return 0
        # A slice with a step takes the same byte of every record, at the speed of C; of a memoryview it would not.
        for at, expected in self._expected:
            if data[at:whole:length] != expected * count:
                return 0
        return whole

    def _walk(self, data: memoryview, rows: list[StatsRow]) -> tuple[bool, bool]:
        """Parse message by message; return whether the dump was interrupted, and whether it ended."""
        interrupted = False
        for kind, flags, sequence, start, end in messages(data):
            if sequence & 0xFF != self._sequence:  # the byte that the fast path compares
                continue
            interrupted |= bool(flags & NLM_F_DUMP_INTR)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                raise_error(data, start, end)
                return interrupted, True
            if kind == RTM_NEWSTATS:
                self.walked += 1
                row = _parse_record(data, start - HEADER.size, end)
                if row is None:
                    continue
                rows.append(row)
                if end - start + HEADER.size != self._length and not interrupted:
                    self._update_record(data[start - HEADER.size : end])
        return interrupted, False

    def _update_record(self, record: memoryview) -> None:
        """Set the record's length from a received one: newer kernels append fields."""
        self._length = len(record)
        self._record = struct.Struct(f"={IFINDEX_AT}xI8x8Q{self._length - COUNTERS_AT - COUNTERS.size}x")
        self._expected = tuple((at, bytes(record[at : at + 1])) for at in CHECKED)


def _parse_record(data: Data, at: int, end: int) -> StatsRow | None:
    """Parse one RTM_NEWSTATS, header included; None for a device that has no counters."""
    if end - at == ATTRIBUTE_AT:
        return None
    if end - at < COUNTERS_AT + COUNTERS.size:
        raise MalformedError(f"a record of counters has {end - at} bytes")
    length, kind = ATTRIBUTE.unpack_from(data, at + ATTRIBUTE_AT)
    if kind != IFLA_STATS_LINK_64 or not ATTRIBUTE.size + COUNTERS.size <= length <= end - at - ATTRIBUTE_AT:
        raise MalformedError(f"a record of counters holds attribute {kind} of {length} bytes")
    return (*U32.unpack_from(data, at + IFINDEX_AT), *COUNTERS.unpack_from(data, at + COUNTERS_AT))


def _request(sequence: int, ifindex: int = 0) -> bytes:
    """Encode the request for one device, or for all."""
    body = IF_STATS_MSG.pack(0, 0, 0, ifindex, 1 << (IFLA_STATS_LINK_64 - 1))
    return message(RTM_GETSTATS, 0 if ifindex else NLM_F_DUMP, body, sequence)
