"""NAT: the kernel's rules, compared with what the topology requires."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.nat.flows import udp_ports
from exporter.core.nat.tracker import NatTracker
from exporter.core.nat.view import NatSample, NatView
from exporter.monitor.collector import Facts


class NatKernel(Protocol):
    """The kernel's side."""

    def read(self, devices: Iterable[str]) -> tuple[NatSample, tuple[SourceState, ...]]:
        """Read the rules and whether `devices` forward; return them with the last reading of connections."""

    def update_udp_ports(self, udp_ports: frozenset[int]) -> None:
        """Take the published UDP ports whose connections may be stale."""

    def degraded(self) -> tuple[Degraded, ...]:
        """Return the missing capabilities."""


class NatPart(Struct, frozen=True):
    """Fields of an Observation."""

    nat: NatView
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()


class NatCollector:
    """Reads the rules and evaluates them."""

    def __init__(self, kernel: NatKernel) -> None:
        self._kernel = kernel
        self._tracker = NatTracker()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a port may be published and gone between two observations."""
        self._tracker.update_inventory(inventory)

    def collect(self, facts: Facts) -> NatPart:
        """Read and evaluate."""
        topology = facts.topology
        self._kernel.update_udp_ports(udp_ports(self._tracker.expected(topology)))
        links = (*(bridge.link for bridge in topology.bridges), *topology.uplinks)
        sample, states = self._kernel.read(link.name for link in links)
        ports = facts.sample
        view = self._tracker.observe(topology, sample, ports.sockets, facts.time, facts.monotonic, ports.proxies)
        return NatPart(view, states, self._kernel.degraded())
