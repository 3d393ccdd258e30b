"""Refused binds: drained at each observation, counted, and handed on as evidence to the rules about ports."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.ports.bind_failures import BindFailureCounts, BindFailureReport, RefusedBind
from exporter.core.ports.claims import port_claims
from exporter.monitor.collector import Facts

HOST_MODE = "host"


class BindFailurePart(Struct, frozen=True):
    """Fields of an Observation: `bind_failures` is None where nothing is counted."""

    refused_binds: Sequence[RefusedBind] = ()
    bind_failures: BindFailureReport | None = None
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()


class BindKernel(Protocol):
    """The kernel's side. `loaded` is False when the program that counts could not be loaded."""

    loaded: bool
    host_netns: int

    def degraded(self) -> tuple[Degraded, ...]:
        """Return the missing capabilities."""

    def drain(self) -> tuple[Sequence[RefusedBind] | None, SourceState]:
        """Return the binds refused since the last call, and the state of the source."""

    def lost(self) -> int:
        """Return an upper bound of those that were not counted."""

    def attached(self) -> Mapping[str, str]:
        """Return how each BPF program is attached, by its name."""


class BindFailureCollector:
    """Keeps the counts by container."""

    def __init__(self, kernel: BindKernel) -> None:
        self._kernel = kernel
        self._counts = BindFailureCounts(kernel.host_netns)

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a container may be gone before its refusal is read."""
        self._counts.update_inventory(inventory)

    def collect(self, facts: Facts) -> BindFailurePart:
        """Read and count."""
        if not self._kernel.loaded:
            return BindFailurePart(degraded=self._kernel.degraded())
        refused, state = self._kernel.drain()
        if refused is None:
            return BindFailurePart(sources=(state,))
        inventory, sockets = facts.topology.inventory, facts.sample.sockets
        self._counts.count(refused, port_claims(inventory, sockets.listeners if sockets else ()), facts.time)
        report = BindFailureReport(self._counts.counts(), self._kernel.lost(), self._kernel.attached())
        return BindFailurePart(tuple(b for b in refused if self._is_evidence(b, inventory)), report, (state,))

    def _is_evidence(self, bind: RefusedBind, inventory: Inventory) -> bool:
        """Port 0 is a range without a free port; a container in host mode may have made namespaces of its own."""
        container = inventory.containers.get(bind.container_id)
        host_mode = container is not None and container.network_mode == HOST_MODE
        return bind.port != 0 and not (host_mode and bind.netns != self._kernel.host_netns)
