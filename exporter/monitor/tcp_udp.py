"""TCP and UDP counters of containers' network namespaces."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.traffic.tcp_udp_ledger import NamespaceCounts, NamespaceLedger, NamespaceStats
from exporter.monitor.collector import Facts


class NamespaceKernel(Protocol):
    """The kernel's side."""

    def namespace_stats(self) -> tuple[Mapping[str, NamespaceStats], float | None]:
        """Return the last readings of containers' namespaces, and the age of the oldest in seconds."""


class NamespacePart(Struct, frozen=True):
    """A field of an Observation."""

    namespaces: NamespaceCounts


class NamespaceCollector:
    """Keeps the sums over containers' lives."""

    def __init__(self, kernel: NamespaceKernel) -> None:
        self._kernel = kernel
        self._ledger = NamespaceLedger()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take the last readings first: the kernel's side drops those of a life that has ended."""
        self._ledger.read(self._kernel.namespace_stats()[0])
        self._ledger.follow(inventory)

    def collect(self, facts: Facts) -> NamespacePart:  # noqa: ARG002  the readings are the kernel's last ones
        """Return all sums."""
        stats, age = self._kernel.namespace_stats()
        self._ledger.read(stats)
        return NamespacePart(self._ledger.counts(age))
