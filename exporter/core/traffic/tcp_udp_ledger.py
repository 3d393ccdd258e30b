"""TCP and UDP counters of a container's own network namespace, and their sums over the container's lives."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import StatsRow
from exporter.core.traffic.life_sums import LifeLedger, LifeSum


class NamespaceStats(NamedTuple):
    """One reading, by way of the process `pid`: a gauge, then counters (struct tcp_mib, linux_mib, udp_mib)."""

    pid: int
    tcp_established: int
    retransmitted_segments: int
    segments_sent: int
    listen_overflows: int
    listen_drops: int
    resets_sent: int
    timeouts: int
    udp_receive_buffer_errors: int

    @property
    def counters(self) -> StatsRow:
        """Return all but the process and the gauge."""
        return self[2:]


PID, TCP_ESTABLISHED, RETRANSMITTED_SEGMENTS, SEGMENTS_SENT, LISTEN_OVERFLOWS, LISTEN_DROPS = range(6)
RESETS_SENT, TIMEOUTS, UDP_RECEIVE_BUFFER_ERRORS = range(6, 9)
NO_COUNTS: StatsRow = (0,) * 7


class NamespaceCounts(Struct, frozen=True):
    """All containers with a network namespace of their own, by name, each with the Unix time at which its sum began.

    `rows` are in the same order, in the places of NamespaceStats; None where the present life was not read yet.
    `age` is that of the oldest reading in seconds, None while there is none.
    """

    containers: tuple[tuple[str, float], ...] = ()
    rows: Sequence[StatsRow | None] = ()
    age: float | None = None


class NamespaceLedger:
    """The sums of all containers."""

    def __init__(self) -> None:
        self._lives: LifeLedger[NamespaceStats] = LifeLedger(NO_COUNTS)

    def follow(self, inventory: Inventory) -> None:
        """Take the present lives."""
        self._lives.follow(inventory)

    def read(self, stats: Mapping[str, NamespaceStats]) -> None:
        """Take readings."""
        self._lives.read(stats)

    def counts(self, age: float | None) -> NamespaceCounts:
        """Return all sums; `age` is that of the oldest reading."""
        return NamespaceCounts(self._lives.names, [_row(life) for life in self._lives.lives], age)


def _row(life: LifeSum[NamespaceStats]) -> StatsRow | None:
    """Return the row that is exposed; None without a reading of the present life."""
    if life.last is None or life.base is NO_COUNTS:
        return life.last
    return (life.pid, life.last.tcp_established, *life.total())
