"""NAT beside the monitor: the kernel's rules read, and held against the topology."""

import time
from collections.abc import Iterable
from typing import Protocol

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.model.sockets import HostSockets
from exporter.core.nat.flows import udp_ports
from exporter.core.nat.tracker import NatBook, NatSample, NatView, Surroundings
from exporter.core.topology.topology import Topology


class NatKernel(Protocol):
    """What is asked of the kernel's side."""

    def read(self, bridges: Iterable[str]) -> tuple[NatSample, tuple[SourceState, ...]]:
        """Read rules, and take the last reading of connections."""

    def watch_for(self, udp_ports: frozenset[int]) -> None:
        """Take the ports of UDP to which connections may be stuck."""

    def degraded(self) -> tuple[Degraded, ...]:
        """Say what is missing."""


class NatMonitor:
    """Told of inventories and asked for views under the monitor's lock."""

    def __init__(self, kernel: NatKernel) -> None:
        self._kernel = kernel
        self._book = NatBook()

    def follow(self, inventory: Inventory) -> None:
        """Take an inventory."""
        self._book.follow(inventory)

    def observe(
        self, topology: Topology, sockets: HostSockets | None, *, here: bool
    ) -> tuple[NatView, tuple[SourceState, ...], tuple[Degraded, ...]]:
        """Read and judge; `here` says that this is the network namespace of Docker's bridges."""
        self._kernel.watch_for(udp_ports(self._book.expected(topology)))
        sample, states = self._kernel.read(bridge.link.name for bridge in topology.bridges)
        surroundings = Surroundings(time.time(), time.monotonic(), here, sockets)
        return self._book.observe(topology, sample, surroundings), states, self._kernel.degraded()
