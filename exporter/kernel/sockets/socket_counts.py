"""How many sockets of TCP and UDP a network namespace has, from outside of it: /proc/PID/net/{sockstat,sockstat6}.

A twentieth of what reading the listening sockets takes. A listening socket counts from its first moment to its last, as
do connected ones. Sources: net/ipv4/proc.c, net/ipv6/proc.c.
"""

import contextlib
import re
from pathlib import Path

from msgspec import Struct

from exporter.core.model.docker import Container
from exporter.core.model.memo import keep_equal
from exporter.kernel.proc import read_record
from exporter.kernel.sockets.namespace_sockets import NamespaceReading, read_namespace_sockets

REREAD_SECONDS = 120.0  # while the counts are the same: one socket may have taken the place of another
# The other numbers of these lines are the machine's.
IN_USE = re.compile(r"^(?:TCP|UDP)6?: inuse (\d+)", re.MULTILINE)

Counts = tuple[str, ...]


class CountedReading(Struct, frozen=True):
    """What was read of a namespace at `read_at` (monotonic clock), and its counts just before; None: not visible."""

    reading: NamespaceReading | None
    counts: Counts | None
    read_at: float


def read_counted(procfs: Path, container: Container, known: CountedReading | None, now: float) -> CountedReading:
    """Read a container's namespace, unless it has as many sockets as when `known` was read. Raises OSError."""
    counts = read_socket_counts(procfs, container.pid)
    if known is None:
        return CountedReading(read_namespace_sockets(procfs, container), counts, now)
    same = known.reading is not None and counts is not None and counts == known.counts
    if same and now - known.read_at < REREAD_SECONDS:
        return known
    reading = read_namespace_sockets(procfs, container, known.reading)
    return CountedReading(keep_equal(known.reading, reading), counts, now)


def read_socket_counts(procfs: Path, pid: int) -> Counts | None:
    """Read those of a process's namespace; None where it is gone or hidden. IPv6's are absent where that is."""
    try:
        text = read_record(f"{procfs}/{pid}/net/sockstat")
    except OSError:
        return None
    with contextlib.suppress(OSError):
        text += read_record(f"{procfs}/{pid}/net/sockstat6")
    return parse_socket_counts(text.decode())


def parse_socket_counts(text: str) -> Counts:
    """Parse both files, one after the other."""
    return tuple(IN_USE.findall(text))
