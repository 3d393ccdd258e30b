"""The imperative shell: the latest inventory, the counters' history, and one observation when asked."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import Degraded, Devices, EndedLink, Inside, KernelSample, StatsRow
from exporter.core.network.evaluator import Judge
from exporter.core.observation import EngineStats, Observation
from exporter.core.topology.overlay import OverlayReading, overlay_namespaces
from exporter.core.topology.topology import Topology, join
from exporter.core.topology.visibility import missing_bridges
from exporter.core.traffic.bridge_split import Splits
from exporter.core.traffic.ledger import Ledger
from exporter.core.traffic.tcp_udp_ledger import NamespaceLedger, NamespaceStats
from exporter.core.traffic.totals import Reading
from exporter.monitor.optional import Beside

log = structlog.get_logger(component="monitor")


class Kernel(Protocol):
    """What is asked of the kernel's side."""

    def follow(self, inventory: Inventory) -> None:
        """Take whose namespaces to look into beside the samples."""

    def sample(self, containers: tuple[Container, ...], inventory: Inventory) -> KernelSample:
        """Read everything."""

    def devices(self, containers: tuple[Container, ...]) -> Devices:
        """Return the devices alone."""

    def read_inside(self, wanted: tuple[Inside, ...]) -> Sequence[Reading]:
        """Read counters inside containers."""

    def namespace_stats(self) -> tuple[Mapping[str, NamespaceStats], float | None]:
        """Return the last readings of containers' namespaces, and the age of the oldest."""

    def follow_overlays(self, files: Mapping[str, str]) -> None:
        """Take which overlays are here, by network id, and where their namespaces are."""

    def overlays(self) -> OverlayReading:
        """Return the last readings of the overlays that are followed."""

    def take_ended(self) -> Sequence[EndedLink]:
        """Hand over what ended."""


class EngineFollower(Protocol):
    """What is asked of the engine's side."""

    def stats(self) -> EngineStats:
        """Return counts of events and reconnects."""


class Monitor:
    """Joins both sides. `accept` is called by the engine's thread, `observe` by whoever serves a scrape."""

    def __init__(self, kernel: Kernel, beside: Beside | None = None) -> None:
        self._kernel = kernel
        self._beside = beside or Beside()
        self._engine: EngineFollower | None = None
        self._lock = threading.Lock()
        self._ledger = Ledger()
        self._splits = Splits()
        self._judge = Judge()
        self._namespaces = NamespaceLedger()
        self._inventory = Inventory()
        self._sandboxed: tuple[Container, ...] = ()
        self._joined = self._inventory, Devices()
        self._topology = join(*self._joined)
        self._down: frozenset[str] = frozenset()
        self._said: frozenset[Degraded] = frozenset()

    def follow(self, engine: EngineFollower) -> None:
        """Name the engine's side, whose counts belong to an observation."""
        self._engine = engine

    def accept(self, inventory: Inventory) -> None:
        """Take a new inventory and attribute the devices at once: a container may be gone before the next scrape."""
        with self._lock:
            # Before the inventory: of a life that has ended the sweep soon forgets the last reading.
            self._namespaces.read(self._kernel.namespace_stats()[0])
            self._inventory = inventory
            self._sandboxed = sandboxed(inventory)
            self._judge.follow(inventory)
            self._namespaces.follow(inventory)
            self._beside.follow(inventory)
            self._kernel.follow(inventory)
            try:
                self._ledger.end(self._kernel.take_ended())
                self._join(self._kernel.devices(self._sandboxed))
            except OSError as error:
                log.warning("devices could not be read", error=str(error))

    def observe(self) -> Observation:
        """Read the kernel and join it to the inventory: everything as it is now."""
        engine = self._engine.stats() if self._engine else EngineStats()
        with self._lock:
            # Before the devices: what has ended is then no longer among them.
            self._ledger.end(self._kernel.take_ended())
            sample = self._kernel.sample(self._sandboxed, self._inventory)
            stats, age = self._kernel.namespace_stats()
            self._namespaces.read(stats)
            topology = self._join(sample.devices)
            overlays = self._kernel.overlays()
            observation = Observation(
                topology=topology,
                engine=engine,
                sources=sample.sources,
                overflows=sample.overflows,
                namespaces=self._namespaces.counts(age),
                learned=sample.learned,
                sockets=sample.sockets,
                proxies=sample.proxies,
                inside=sample.namespace_sockets.listeners if sample.namespace_sockets else None,
                overlay_peers={network_id: len(rows.nodes) for network_id, rows in overlays.rows.items()},
                judgement=self._judge.judge(topology, sample.conntrack, time.monotonic(), overlays),
                degraded=sample.degraded + missing_bridges(topology),
            )
            if sample.stats is not None:
                observation = self._count(observation, sample.stats)
            observation = self._beside.add_to(observation, sample)
        self._say(observation)
        return observation

    def _count(self, observation: Observation, stats: Sequence[StatsRow]) -> Observation:
        topology = observation.topology
        rows = {row[0]: row for row in stats}  # of a device read twice the later one
        self._ledger.read(list(rows.values()))
        if topology.readings:
            self._ledger.read(self._kernel.read_inside(topology.readings))
        bridges = [bridge.network.name for bridge in topology.bridges]
        return replace(
            observation,
            endpoints=self._ledger.endpoints(topology),
            began=self._ledger.began(topology),
            networks=self._ledger.networks(network.name for network in topology.networks),
            splits=self._splits.split(bridges, self._ledger.networks(bridges), self._ledger.bridges(bridges)),
            rows=rows,
        )

    def _join(self, devices: Devices) -> Topology:
        if self._joined[0] is not self._inventory or self._joined[1] is not devices:
            self._joined = self._inventory, devices
            self._topology = join(self._inventory, devices)
            self._ledger.attribute(self._topology)
            self._kernel.follow_overlays(overlay_namespaces(self._topology))
        return self._topology

    def _say(self, observation: Observation) -> None:
        """Log each failure and each missing capability when it appears, not at every scrape."""
        down = {state.name: state for state in observation.sources if not state.up}
        for name in sorted(down.keys() - self._down):
            log.error("source failed", collector=name, error=down[name].error)
        for name in sorted(self._down - down.keys()):
            log.info("source reads again", collector=name)
        for missing in sorted(set(observation.degraded) - self._said, key=lambda d: d.reason):
            log.warning("degraded", collector=missing.collector, reason=missing.reason, detail=missing.detail)
        self._down, self._said = frozenset(down), frozenset(observation.degraded) | self._said
