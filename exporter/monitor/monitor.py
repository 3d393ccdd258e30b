"""One observation on request: the latest inventory, a kernel sample, and the collectors in their order."""

import time
from collections.abc import Mapping
from itertools import zip_longest
from typing import Protocol

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import completes, sandboxed, with_known
from exporter.core.model.kernel_sample import Devices, KernelSample
from exporter.core.model.memo import IdentityMemo
from exporter.core.observation import Observation, Part, assemble
from exporter.core.topology.overlay import overlay_namespaces
from exporter.core.topology.topology import Topology, join
from exporter.log import get_logger
from exporter.monitor.bind_failures import BindFailureCollector, BindKernel
from exporter.monitor.collector import Collector, Facts
from exporter.monitor.connections import ConnectionCollector, ConnectionKernel
from exporter.monitor.engine import EngineCollector, EngineSource
from exporter.monitor.history import HistoryRecorder
from exporter.monitor.lookups import LookupCollector, LookupKernel
from exporter.monitor.nat import NatCollector, NatKernel
from exporter.monitor.networks import NetworkCollector, OverlayKernel
from exporter.monitor.ports import PortCollector, PortKernel
from exporter.monitor.readings import ReadingsCollector
from exporter.monitor.tcp_udp import NamespaceCollector, NamespaceKernel
from exporter.monitor.traffic import TrafficCollector, TrafficKernel

FORGET_SECONDS = 3600.0

log = get_logger(component="monitor")


class Kernel(TrafficKernel, NamespaceKernel, OverlayKernel, Protocol):
    """The kernel's side."""

    def update_inventory(self, inventory: Inventory) -> None:
        """Take whose namespaces to read between the samples."""

    def sample(self, containers: tuple[Container, ...], inventory: Inventory) -> KernelSample:
        """Read everything."""

    def devices(self, containers: tuple[Container, ...]) -> Devices:
        """Return the devices alone. Raises OSError."""

    def update_overlays(self, files: Mapping[str, str]) -> None:
        """Take the overlays of this host: network id -> file of its namespace."""


class Monitor:
    """Not thread-safe: one thread calls `update_inventory` and `observe`."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        nat: NatKernel | None = None,
        binds: BindKernel | None = None,
        ports: PortKernel | None = None,
        connections: ConnectionKernel | None = None,
        lookups: LookupKernel | None = None,
        forget: float = FORGET_SECONDS,
        history: HistoryRecorder | None = None,
    ) -> None:
        """Without `nat`, `binds`, `ports`, `connections` or `lookups` that collector is disabled.

        Without `history` no change is recorded. Idle pairs of `connections` end after `forget` seconds.
        """
        self._history = history
        self._kernel = kernel
        self._engine = EngineCollector()
        self._traffic = TrafficCollector(kernel)
        # In this order: a collector sees the parts of those before it. To add one is its file and a line here.
        self._collectors: tuple[Collector, ...] = (
            self._engine,
            ReadingsCollector(),
            self._traffic,
            NamespaceCollector(kernel),
            *([ConnectionCollector(connections, forget)] if connections else ()),
            *([LookupCollector(lookups)] if lookups else ()),
            NetworkCollector(kernel),
            *([NatCollector(nat)] if nat else ()),
            *([BindFailureCollector(binds)] if binds else ()),
            *([PortCollector(ports)] if ports else ()),
        )
        self._inventory = Inventory()
        self._sandboxed = IdentityMemo(sandboxed)
        self._join = IdentityMemo(self._attributed)
        self._down: frozenset[str] = frozenset()
        self._reported: frozenset[tuple[str, str]] = frozenset()

    def attach_engine(self, engine: EngineSource) -> None:
        """Take the engine's side, whose counts belong to an observation."""
        self._engine.engine = engine

    def update_inventory(self, *inventories: Inventory) -> None:
        """Take new inventories, and attribute the devices at once: a container may be gone before the next scrape.

        While lists find the same, the inventory stays the same object: nothing is evaluated again. One that the next
        completes is passed over: a thousand containers that are inspected one after another make dozens.
        """
        for latest, following in zip_longest(inventories, inventories[1:]):
            self._traffic.note_list(latest.synced_at)
            if following is not None and completes(following, latest):
                continue
            inventory = self._inventory = with_known(self._inventory, latest)
            for collector in self._collectors:
                collector.update_inventory(inventory)
            if self._history:
                self._history.update_inventory(inventory)
        inventory = self._inventory
        self._kernel.update_inventory(inventory)
        try:
            self._traffic.drain_ended()
            self._join(inventory, self._kernel.devices(self._sandboxed(inventory)))
        except OSError as error:
            log.warning("device dump failed", error=str(error))

    def observe(self) -> Observation:
        """Read the kernel, and run the collectors on what was read."""
        self._traffic.drain_ended()
        inventory = self._inventory
        sample = self._kernel.sample(self._sandboxed(inventory), inventory)
        topology, now, monotonic = self._join(inventory, sample.devices), time.time(), time.monotonic()
        parts: tuple[Part, ...] = ()
        for collector in self._collectors:
            parts = (*parts, collector.collect(Facts(topology, sample, now, monotonic, parts)))
        observation = assemble(topology, parts, self._history.counts if self._history else None)
        self._log_changes(observation)
        return self._history.observe(observation) if self._history else observation

    def _attributed(self, inventory: Inventory, devices: Devices) -> Topology:
        topology = join(inventory, devices)
        self._traffic.attribute(topology)
        self._kernel.update_overlays(overlay_namespaces(topology))
        return topology

    def _log_changes(self, observation: Observation) -> None:
        """Log a failure and a missing capability when it appears, not at every scrape: one entry for each cause."""
        missing_rights = {missing.reason for missing in observation.degraded}
        failed = (state for state in observation.sources if not state.up)
        down = {state.name: state for state in failed if state.error.partition(":")[0] not in missing_rights}
        for name in sorted(down.keys() - self._down):
            log.error("source failed", collector=name, error=down[name].error)
        for name in sorted(self._down - down.keys()):
            log.info("source recovered", collector=name)
        causes = {(missing.reason, missing.collector): missing.detail for missing in observation.degraded}
        for reason, collector in sorted(causes.keys() - self._reported):
            log.warning("degraded", collector=collector, reason=reason, detail=causes[reason, collector])
        self._down, self._reported = frozenset(down), self._reported | causes.keys()
