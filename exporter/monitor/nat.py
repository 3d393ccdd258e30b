"""NAT: the kernel's rules, compared with what the topology requires."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.nat.flows import udp_ports
from exporter.core.nat.tracker import NatBook, NatSample, NatView, Surroundings
from exporter.monitor.collector import Facts


class NatKernel(Protocol):
    """The kernel's side."""

    def read(self, bridges: Iterable[str]) -> tuple[NatSample, tuple[SourceState, ...]]:
        """Read the rules, and return them with the last reading of connections."""

    def watch_for(self, udp_ports: frozenset[int]) -> None:
        """Take the published UDP ports whose connections may be stale."""

    def degraded(self) -> tuple[Degraded, ...]:
        """Return the missing capabilities."""


@dataclass(frozen=True, slots=True)
class NatPart:
    """Fields of an Observation."""

    nat: NatView
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()


class NatCollector:
    """Reads the rules and evaluates them."""

    def __init__(self, kernel: NatKernel) -> None:
        self._kernel = kernel
        self._book = NatBook()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a port may be published and gone between two observations."""
        self._book.follow(inventory)

    def collect(self, facts: Facts) -> NatPart:
        """Read and evaluate."""
        topology = facts.topology
        self._kernel.watch_for(udp_ports(self._book.expected(topology)))
        sample, states = self._kernel.read(bridge.link.name for bridge in topology.bridges)
        surroundings = Surroundings(facts.time, facts.monotonic, topology.host_netns_visible, facts.sample.sockets)
        return NatPart(self._book.observe(topology, sample, surroundings), states, self._kernel.degraded())
