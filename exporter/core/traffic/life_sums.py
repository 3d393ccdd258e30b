"""Sums of counters that a container's own network namespace begins with 0 at each start of the container.

What is counted after the last reading of a life is in no sum.
"""

from collections.abc import Mapping
from operator import add, attrgetter, lt
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import StatsRow

# How many names that are gone are remembered, should one come back: compose recreates under the same name.
MAX_GONE = 4096


class LifeReading(Protocol):
    """One reading, by way of the process `pid`."""

    @property
    def pid(self) -> int:
        """The container's process."""

    @property
    def counters(self) -> StatsRow:
        """What only grows while the namespace exists."""


T = TypeVar("T", bound=LifeReading)


class LifeSum(Struct, Generic[T]):
    """A container's present life, as last read, and the sum of its earlier ones."""

    name: str
    created: float
    base: StatsRow
    pid: int = 0
    endpoints: frozenset[str] = frozenset()
    last: T | None = None

    def begin_life(self) -> None:
        """Add the present life to the sum."""
        self.base, self.last = self.total(), None

    def total(self) -> StatsRow:
        """Return the counters of all lives."""
        return self.base if self.last is None else tuple(map(add, self.base, self.last.counters))


class LifeLedger(Generic[T]):
    """The sums of all containers: keyed by ids, exposed by names, continued by the next of the same name."""

    def __init__(self, zero: StatsRow) -> None:
        """`zero` are the counters of a container that was never read, the same object as the base of its first life."""
        self._zero = zero
        self._sums: dict[str, LifeSum[T]] = {}
        self._left_behind: BoundedDict[str, tuple[float, StatsRow]] = BoundedDict(MAX_GONE)
        self.lives: tuple[LifeSum[T], ...] = ()
        self.names: tuple[tuple[str, float], ...] = ()

    def follow(self, inventory: Inventory) -> None:
        """Take the present lives: `lives` and `names` are those with a namespace of their own, by name."""
        for container_id in self._sums.keys() - inventory.containers.keys():
            self._close(self._sums.pop(container_id))
        for container in inventory.containers.values():
            if container.id in self._sums:
                self._sums[container.id].name = container.name
        shown = [self._opened(container) for container in sandboxed(inventory)]
        self.lives = tuple(sorted(shown, key=attrgetter("name")))
        self.names = tuple((life.name, life.created) for life in self.lives)

    def read(self, readings: Mapping[str, T]) -> None:
        """Take readings; one by a process that is not the container's present one is outdated."""
        for container_id, found in readings.items():
            life = self._sums.get(container_id)
            if life is None or life.pid != found.pid or life.last is found:
                continue
            if life.last is not None and any(map(lt, found.counters, life.last.counters)):
                life.begin_life()  # a namespace never counts back: this is another one
            life.last = found

    def _opened(self, container: Container) -> LifeSum[T]:
        life = self._sums.get(container.id)
        if life is None:
            created, base = self._left_behind.pop(container.name, (container.created, self._zero))
            life = self._sums[container.id] = LifeSum(container.name, created, base)
        endpoints = frozenset(endpoint.endpoint_id for endpoint in container.endpoints)
        # An endpoint's id is new at each start. The engine may name another process of the same life than a cgroup.
        if container.pid not in (0, life.pid) and not endpoints & life.endpoints:
            life.begin_life()
        life.pid, life.endpoints = container.pid or life.pid, endpoints
        return life

    def _close(self, life: LifeSum[T]) -> None:
        created, base = self._left_behind.pop(life.name, (life.created, self._zero))
        self._left_behind[life.name] = created, tuple(map(add, base, life.total()))
