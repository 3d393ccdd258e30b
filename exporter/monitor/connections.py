"""Connections: read at each observation, attributed and summed."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from exporter.core.connections.context import ConnectionContext
from exporter.core.connections.ledger import ConnectionLedger
from exporter.core.connections.pair import ConnectionReport
from exporter.core.connections.port_use import PortUse
from exporter.core.connections.reading import Reading
from exporter.core.connections.tries import TryWindows
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.monitor.collector import Facts


class ConnectionPart(Struct, frozen=True):
    """Fields of an Observation: both of connections are None where nothing is counted, or the reading failed."""

    connections: ConnectionReport | None = None
    connection_context: ConnectionContext | None = None
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()


class ConnectionKernel(Protocol):
    """The kernel's side. `loaded` is False when the programs that count could not be loaded."""

    loaded: bool
    older_counted: bool
    host_cookie: int

    def update_inventory(self, inventory: Inventory) -> None:
        """Take the addresses and ports to keep; the first inventory of a connected engine begins the counting."""

    def read(self) -> tuple[Reading | None, SourceState]:
        """Return all sums, and the state of the source."""

    def namespaces(self, inventory: Inventory) -> Mapping[int, str]:
        """Return container ids by the inode of their network namespace."""

    def degraded(self) -> tuple[Degraded, ...]:
        """Return the missing capabilities."""


class ConnectionCollector:
    """Keeps the sums over the lives of containers."""

    def __init__(self, kernel: ConnectionKernel, forget: float) -> None:
        """`forget` is the number of seconds after which an idle pair ends."""
        self._kernel = kernel
        self._ledger = ConnectionLedger(kernel.host_cookie, forget)
        self._tries, self._port_use = TryWindows(), PortUse()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: its networks' addresses have to be kept before a container is on them."""
        self._kernel.update_inventory(inventory)
        self._ledger.update_inventory(inventory)

    def collect(self, facts: Facts) -> ConnectionPart:
        """Read and count."""
        if not self._kernel.loaded:
            return ConnectionPart(degraded=self._kernel.degraded())
        reading, state = self._kernel.read()
        if reading is None:
            return ConnectionPart(sources=(state,))
        topology = facts.topology
        addresses = frozenset(address for found in topology.devices.addresses.values() for address in found)
        self._ledger.count(reading, self._kernel.namespaces(topology.inventory), addresses, facts.time, facts.monotonic)
        report = self._ledger.report(older_counted=self._kernel.older_counted)
        return ConnectionPart(report, self._context(report, topology.inventory, facts.monotonic), (state,))

    def _context(self, report: ConnectionReport, inventory: Inventory, now: float) -> ConnectionContext:
        tries, unused = self._tries.update(report, now), self._port_use.update(report, inventory, now)
        return ConnectionContext(inventory, now, tries, unused)
