"""Refused binds beside the monitor: drained at each look, counted, and handed on as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.model.sockets import HostSockets
from exporter.core.ports.bind_failures import BindFailureCounts, BindFailureReport, RefusedBind
from exporter.core.ports.claims import port_claims

HOST = "host"


@dataclass(frozen=True, slots=True)
class BindLook:
    """`evidence` are refusals that may be a container's trouble; `report` is None where nothing is counted."""

    evidence: tuple[RefusedBind, ...] = ()
    report: BindFailureReport | None = None
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()


class BindKernel(Protocol):
    """What is asked of the kernel's side. `loaded` says whether anything is counted."""

    loaded: bool
    host_netns: int

    def degraded(self) -> tuple[Degraded, ...]:
        """Say what is missing."""

    def drain(self) -> tuple[Sequence[RefusedBind] | None, SourceState]:
        """Return what was refused since the last call, and how reading it went."""

    def lost(self) -> int:
        """Return at most how many were not counted."""


class BindMonitor:
    """Told of inventories and asked under the monitor's lock."""

    def __init__(self, kernel: BindKernel) -> None:
        self._kernel = kernel
        self._counts = BindFailureCounts(kernel.host_netns)
        self._inventory = Inventory()

    def follow(self, inventory: Inventory) -> None:
        """Take an inventory: a container may be gone before its refusal is read."""
        self._inventory = inventory
        self._counts.follow(inventory)

    def observe(self, sockets: HostSockets | None, now: float) -> BindLook:
        """Read and count; `now` is Unix time."""
        if not self._kernel.loaded:
            return BindLook(degraded=self._kernel.degraded())
        refused, state = self._kernel.drain()
        if refused is None:
            return BindLook(sources=(state,))
        claims = port_claims(self._inventory, sockets.listeners if sockets else ())
        self._counts.count(refused, claims, now)
        report = BindFailureReport(self._counts.counts(), self._kernel.lost())
        return BindLook(tuple(bind for bind in refused if self._concerns(bind)), report, (state,))

    def _concerns(self, bind: RefusedBind) -> bool:
        """Port 0 is a range without a free port; a host-mode container may have namespaces of its own making."""
        container = self._inventory.containers.get(bind.container_id)
        elsewhere = container is not None and container.network_mode == HOST and bind.netns != self._kernel.host_netns
        return bind.port != 0 and not elsewhere
