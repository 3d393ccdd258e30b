"""TCP and UDP statistics of a container's network namespace, from outside of it: /proc/PID/net/{snmp,netstat}.

Any process may read them of any that it sees. Each file is opened, read and closed: an open one keeps the namespace
alive. Never net/tcp: it walks the machine's table of all sockets, 2 ms for each container.
"""

import functools
from pathlib import Path

from msgspec import Struct

from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.errors import SourceError
from exporter.kernel.proc import GONE, is_container_process, read_identified, read_record

TCP = (b"CurrEstab", b"RetransSegs", b"OutSegs", b"OutRsts")
UDP = (b"RcvbufErrors",)
TCP_EXT = (b"ListenOverflows", b"ListenDrops", b"TCPTimeouts")

REREAD_SECONDS = 60.0


class StatsReading(Struct, frozen=True):
    """What was read of a namespace, the file snmp of it with its inode, and when netstat was read (monotonic clock)."""

    stats: NamespaceStats
    inode: int
    snmp: bytes
    netstat_at: float


def read_namespace_stats(
    procfs: Path,
    container_id: str,
    pid: int,
    not_namespace: int | None = None,
    known: StatsReading | None = None,
    now: float = 0.0,
) -> StatsReading | None:
    """Read a container's namespace by way of its process; `known` is the reading before, of the same process.

    None when it is gone, when the process is not the container's, or in the namespace `not_namespace`. What netstat
    counts comes with a segment received or sent, which snmp counts: while that says the same, netstat, which takes the
    kernel twice as long, is read once a minute, for time-outs of what could not be sent. Whose process it is does not
    have to be read again while it is in the same namespace.
    """
    process = f"{procfs}/{pid}"
    try:
        inode, snmp = read_identified(f"{process}/net/snmp")
        same = known is not None and (pid, inode) == (known.stats.pid, known.inode)
        if inode == not_namespace or not (same or is_container_process(procfs, pid, container_id)):
            return None
        if known is not None and same and known.snmp == snmp and now - known.netstat_at < REREAD_SECONDS:
            return known
        netstat = read_record(f"{process}/net/netstat")
    except OSError as error:
        if error.errno in GONE:
            return None
        raise
    return StatsReading(parse_namespace_stats(pid, snmp, netstat), inode, snmp, now)


def read_own_namespace() -> int:
    """Return the inode that identifies the calling thread's namespace: each has its own of the file."""
    return Path("/proc/thread-self/net/snmp").stat().st_ino


def parse_namespace_stats(pid: int, snmp: bytes, netstat: bytes) -> NamespaceStats:
    """Parse both files. Raises SourceError when they lack a column that every kernel has had so far."""
    try:
        established, retransmitted, sent, resets = _values(snmp, b"Tcp: ", TCP)
        (receive_buffer_errors,) = _values(snmp, b"Udp: ", UDP)
        overflows, drops, timeouts = _values(netstat, b"TcpExt: ", TCP_EXT)
    except (ValueError, IndexError) as error:
        raise SourceError("unknown_format", str(error)) from error
    return NamespaceStats(
        pid=pid,
        tcp_established=established,
        retransmitted_segments=retransmitted,
        segments_sent=sent,
        listen_overflows=overflows,
        listen_drops=drops,
        resets_sent=resets,
        timeouts=timeouts,
        udp_receive_buffer_errors=receive_buffer_errors,
    )


def _values(text: bytes, section: bytes, names: tuple[bytes, ...]) -> list[int]:
    """Pick values of a section: a line of names, then a line of values, both after the section's name."""
    start = 0 if text.startswith(section) else text.index(b"\n" + section) + 1
    header, _, rest = text[start:].partition(b"\n")
    values = rest.partition(b"\n")[0].split(None)
    return [int(values[place]) for place in _places(header, names)]


@functools.lru_cache(maxsize=16)  # three of one kernel; a kernel's header is the same in all its namespaces
def _places(header: bytes, names: tuple[bytes, ...]) -> tuple[int, ...]:
    """Find where the values stand, which differs from kernel to kernel. ValueError for one that is not there."""
    columns = header.split()
    return tuple(columns.index(name) for name in names)
