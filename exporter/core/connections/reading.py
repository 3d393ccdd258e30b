"""One reading of the kernel's sums of TCP connections, as values."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from msgspec import Struct, field


class Near(IntEnum):
    """Why the kernel keeps a remote address: it is in a Docker subnet, is the host's own, or loopback."""

    SUBNET = 1
    HOST = 2
    LOOPBACK = 3


class End(Struct, frozen=True):
    """One end of connections. Addresses are texts; `remote` is '' for one that is not near.

    `netns_cookie` is unique, the inode `netns` is used again. `container_id` is that of the cgroup in which the socket
    was made, '' when it is not a container's or not known. `connected` is False for the end that accepted. `port` is
    the remote one of who connected, the local one of who accepted; 0 with `remote` '' aggregates those without room.
    `proxy` is True for the connects of docker-proxy.
    """

    netns_cookie: int
    netns: int
    container_id: str
    local: str
    remote: str
    port: int
    connected: bool
    proxy: bool = False


# Reasons in the order of the counts that have them. A peer that stopped answering is `timed_out`, whatever ICMP errors
# came.
FAILED = ("refused", "timed_out", "unreachable", "abandoned", "no_port")
BROKEN = ("reset", "timed_out", "aborted")
FAILURES = slice(2, 7)  # the places of FAILED in Counts


class Counts(NamedTuple):
    """Sums of one end. `sent` and `received` are payload in bytes; they include living connections."""

    established: int = 0
    ended: int = 0
    refused: int = 0
    timed_out: int = 0
    unreachable: int = 0
    abandoned: int = 0
    no_port: int = 0
    reset: int = 0
    broken: int = 0
    aborted: int = 0
    setup_ns: int = 0
    sent: int = 0
    received: int = 0
    retransmitted: int = 0

    @property
    def failures(self) -> tuple[int, ...]:
        """Connects that failed, in the order of FAILED."""
        counts: tuple[int, ...] = self
        return counts[FAILURES]

    @property
    def breaks(self) -> tuple[int, ...]:
        """Established connections that broke, in the order of BROKEN."""
        return self[7:10]


class Living(NamedTuple):
    """What lives of one end at the moment: the sum of `round_trips` smoothed round trips in microseconds."""

    established: int = 0
    connecting: int = 0
    round_trip_us: int = 0
    round_trips: int = 0


NONE_LIVING = Living()


class Row(NamedTuple):
    """The sums of one end; `final` when they begin at 0 again after this reading."""

    identity: bytes
    end: End
    counts: Counts
    living: Living = NONE_LIVING
    final: bool = False


class Reading(Struct, frozen=True):
    """All rows; `lost` is an upper bound of changes of state that were not counted."""

    rows: Sequence[Row] = ()
    lost: int = 0


class Interest(Struct, frozen=True):
    """What the kernel has to keep: networks as text (CIDR) with the reason, and the published TCP ports."""

    near: Mapping[str, Near] = field(default_factory=dict)
    published: frozenset[int] = frozenset()
