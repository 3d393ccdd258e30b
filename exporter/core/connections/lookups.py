"""Lookups of the embedded DNS by container, and their sums over the container's lives."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import StatsRow
from exporter.core.traffic.life_sums import LifeLedger

PROTOCOLS = ("tcp", "udp")
NO_LOOKUPS: StatsRow = (0, 0)


class DnsLookups(NamedTuple):
    """One reading, by way of the process `pid`: packets of the rules that translate 127.0.0.11:53, by protocol.

    A rule of NAT counts the first packet of each socket.
    """

    pid: int
    tcp: int
    udp: int

    @property
    def counters(self) -> StatsRow:
        """Return all but the process, in the order of PROTOCOLS."""
        return self[1:]


class LookupCounts(Struct, frozen=True):
    """Containers that the embedded DNS answers, each with the Unix time at which its sum began, and their sums."""

    containers: tuple[tuple[str, float], ...] = ()
    rows: tuple[StatsRow, ...] = ()


class LookupLedger:
    """The sums of all containers. Not thread-safe."""

    def __init__(self) -> None:
        self._lives: LifeLedger[DnsLookups] = LifeLedger(NO_LOOKUPS)

    def follow(self, inventory: Inventory) -> None:
        """Take the present lives."""
        self._lives.follow(inventory)

    def read(self, lookups: Mapping[str, DnsLookups]) -> None:
        """Take readings by container id."""
        self._lives.read(lookups)

    def counts(self) -> LookupCounts:
        """Return the sums of the containers that were ever read."""
        shown = [life for life in self._lives.lives if life.last is not None or life.base is not NO_LOOKUPS]
        names = tuple((life.name, life.created) for life in shown)
        return LookupCounts(names, tuple(life.total() for life in shown))
