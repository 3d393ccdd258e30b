"""Lookups of the embedded DNS by container."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from exporter.core.connections.lookups import DnsLookups, LookupCounts, LookupLedger
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.monitor.collector import Facts


class LookupPart(Struct, frozen=True):
    """Fields of an Observation."""

    lookups: LookupCounts = field(default_factory=LookupCounts)
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()


class LookupKernel(Protocol):
    """The kernel's side."""

    def update_inventory(self, inventory: Inventory) -> None:
        """Take the containers to read."""

    def latest(self) -> tuple[Mapping[str, DnsLookups], SourceState]:
        """Return the last readings by container id, and how the readings go."""

    def degraded(self) -> tuple[Degraded, ...]:
        """Return the missing capabilities."""


class LookupCollector:
    """Keeps the sums over the lives of containers."""

    def __init__(self, kernel: LookupKernel) -> None:
        self._kernel = kernel
        self._ledger = LookupLedger()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take the last readings first: the kernel's side drops those of a life that has ended."""
        self._ledger.read(self._kernel.latest()[0])
        self._ledger.follow(inventory)
        self._kernel.update_inventory(inventory)

    def collect(self, facts: Facts) -> LookupPart:  # noqa: ARG002  the readings are the kernel's last ones
        """Return all sums."""
        found, state = self._kernel.latest()
        self._ledger.read(found)
        return LookupPart(self._ledger.counts(), (state,), self._kernel.degraded())
