"""TCP and UDP counters of a container's own network namespace, and their sums over the container's lives.

A namespace begins with 0 and ends with the container's last process. It is read periodically: what it counted after the
last reading of a life is in no sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add, attrgetter, lt
from typing import NamedTuple

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import StatsRow

# How many names that are gone are remembered, should one come back: compose recreates under the same name.
MAX_GONE = 4096


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


@dataclass(frozen=True, slots=True)
class NamespaceCounts:
    """All containers with a network namespace of their own, by name, each with the Unix time at which its sum began.

    `rows` are in the same order, in the places of NamespaceStats; None where the present life was not read yet.
    `age` is that of the oldest reading in seconds, None while there is none.
    """

    containers: tuple[tuple[str, float], ...] = ()
    rows: Sequence[StatsRow | None] = ()
    age: float | None = None


@dataclass(slots=True)
class LifeSum:
    """A container's present life, as last read, and the sum of its earlier ones."""

    name: str
    created: float
    pid: int = 0
    endpoints: frozenset[str] = frozenset()
    base: StatsRow = NO_COUNTS
    last: NamespaceStats | None = None

    def begin_life(self) -> None:
        """Add the present life to the sum."""
        self.base, self.last = self.total(), None

    def total(self) -> StatsRow:
        """Return the counters of all lives."""
        return self.base if self.last is None else tuple(map(add, self.base, self.last.counters))

    def row(self) -> StatsRow | None:
        """Return the row that is exposed; None without a reading of the present life."""
        if self.last is None or self.base is NO_COUNTS:
            return self.last
        return (self.pid, self.last.tcp_established, *self.total())


class NamespaceLedger:
    """The sums of all containers: keyed by ids, exposed by names, continued by the next of the same name."""

    def __init__(self) -> None:
        self._sums: dict[str, LifeSum] = {}
        self._left_behind: BoundedDict[str, tuple[float, StatsRow]] = BoundedDict(MAX_GONE)
        self._shown: tuple[LifeSum, ...] = ()
        self._names: tuple[tuple[str, float], ...] = ()

    def follow(self, inventory: Inventory) -> None:
        """Take the present lives."""
        for container_id in self._sums.keys() - inventory.containers.keys():
            self._close(self._sums.pop(container_id))
        for container in inventory.containers.values():
            if container.id in self._sums:
                self._sums[container.id].name = container.name
        shown = [self._opened(container) for container in sandboxed(inventory)]
        self._shown = tuple(sorted(shown, key=attrgetter("name")))
        self._names = tuple((life.name, life.created) for life in self._shown)

    def read(self, stats: Mapping[str, NamespaceStats]) -> None:
        """Take readings; one by a process that is not the container's present one is outdated."""
        for container_id, found in stats.items():
            life = self._sums.get(container_id)
            if life is None or life.pid != found.pid or life.last is found:
                continue
            if life.last is not None and any(map(lt, found.counters, life.last.counters)):
                life.begin_life()  # a namespace never counts back: this is another one
            life.last = found

    def counts(self, age: float | None) -> NamespaceCounts:
        """Return all sums; `age` is that of the oldest reading."""
        return NamespaceCounts(self._names, [life.row() for life in self._shown], age)

    def _opened(self, container: Container) -> LifeSum:
        life = self._sums.get(container.id)
        if life is None:
            created, base = self._left_behind.pop(container.name, (container.created, NO_COUNTS))
            life = self._sums[container.id] = LifeSum(container.name, created, base=base)
        endpoints = frozenset(endpoint.endpoint_id for endpoint in container.endpoints)
        # An endpoint's id is new at each start. The engine may name another process of the same life than a cgroup.
        if container.pid not in (0, life.pid) and not endpoints & life.endpoints:
            life.begin_life()
        life.pid, life.endpoints = container.pid or life.pid, endpoints
        return life

    def _close(self, life: LifeSum) -> None:
        created, base = self._left_behind.pop(life.name, (life.created, NO_COUNTS))
        self._left_behind[life.name] = created, tuple(map(add, base, life.total()))
