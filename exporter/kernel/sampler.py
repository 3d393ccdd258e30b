"""Read the kernel once per observation: each source once, timed; a failed one is a value and costs its own families."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.fib import FibReading, RouteQuery
from exporter.core.model.kernel_sample import Devices, EndedLink, KernelSample, NamespaceInterface
from exporter.core.model.memo import IdentityMemo
from exporter.core.model.sockets import BoundSocket, PortKey
from exporter.core.topology.overlay import OverlayReading
from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.kernel.conntrack.table import ConntrackReader
from exporter.kernel.links.fdb import LearnedSource
from exporter.kernel.links.fib_watcher import FibWatcher
from exporter.kernel.links.stats_source import LinkStatsSource
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.namespaces.devices import DeviceSource
from exporter.kernel.namespaces.interface_counters import InterfaceCounterReader
from exporter.kernel.namespaces.overlay_sweep import OverlaySweep
from exporter.kernel.namespaces.resolver import NamespaceResolver
from exporter.kernel.namespaces.shared import read_shared_netns
from exporter.kernel.namespaces.stats import StatsReading
from exporter.kernel.namespaces.sweep import sweep_statistics
from exporter.kernel.netlink.client import open_socket
from exporter.kernel.read_source import timed
from exporter.kernel.sockets.source import PortReader

SYSFS = Path("/sys")
NO_INVENTORY = Inventory()


class Source(Protocol):
    """What starts and stops with the sampler."""

    def start(self) -> None:
        """Start its thread, if it has one."""

    def stop(self) -> None:
        """End its thread and close its sockets."""


class KernelSampler:
    """The kernel side: made and started in the host's network namespace, sampled from one thread at a time."""

    def __init__(
        self,
        procfs: Path,
        sysfs: Path = SYSFS,
        *,
        sweep: bool = True,
        ports: bool = True,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_change` is called after each notification about devices, addresses or routes; it must not block."""
        self._procfs = procfs
        self._devices = DeviceSource(LinkWatcher(on_change=on_change), NamespaceResolver(procfs))
        self._stats = LinkStatsSource(lambda: self._devices.links)
        self._learned = LearnedSource(open_socket())
        self._conntrack = ConntrackReader(procfs)
        self._interface_counters = InterfaceCounterReader(procfs, open_socket())
        self._overlays = OverlaySweep()
        self._fib = FibWatcher(on_change)
        self._namespaces = sweep_statistics(procfs) if sweep else None
        self._namespace_stats = IdentityMemo(_statistics)
        self._ports = PortReader(procfs, sysfs) if ports else None
        sources: tuple[Source | None, ...] = (
            self._devices,
            self._stats,
            self._learned,
            self._conntrack,
            self._interface_counters,
            self._overlays,
            self._fib,
            self._namespaces,
            self._ports,
        )
        self._sources = [source for source in sources if source]

    def start(self) -> None:
        """Start all sources. Raises OSError when the kernel refuses."""
        for source in self._sources:
            source.start()

    def stop(self) -> None:
        """End the threads and close every socket."""
        for source in self._sources:
            source.stop()

    def update_inventory(self, inventory: Inventory) -> None:
        """Set the containers whose namespaces are read between samples, so that the first sample has readings."""
        if self._ports:
            self._ports.update_inventory(inventory)

    def drain_ended(self) -> list[EndedLink]:
        """Return the links that ended since the last call, with their final counters."""
        return self._devices.drain_ended()

    def sample(self, containers: tuple[Container, ...], inventory: Inventory = NO_INVENTORY) -> KernelSample:
        """Read everything; `containers` are those of the inventory that have a network namespace of their own."""
        self._update_containers(containers)
        stats, stats_state = timed("link_stats", self._stats.read)
        devices, links_state = timed("links", lambda: self._devices.read_current(containers))
        learned, learned_state = timed("fdb", self._learned.read)
        conntrack, conntrack_state = timed("conntrack", self._conntrack.read)
        swept = (self._namespaces.state(),) if self._namespaces else ()
        sample = KernelSample(
            devices=devices or self._devices.latest,
            stats=stats,
            sources=(
                links_state,
                stats_state,
                learned_state,
                conntrack_state,
                *swept,
                *self._overlays.state(),
                self._fib.state,
            ),
            degraded=self._devices.degraded() + self._overlays.degraded(),
            overflows=self._devices.overflows,
            conntrack=conntrack,
            fib=self._fib.reading,
            netns=read_shared_netns(self._procfs, inventory),
            learned=learned,
        )
        return self._ports.add_to(sample, inventory) if self._ports else sample

    def devices(self, containers: tuple[Container, ...]) -> Devices:
        """Return the devices and whose they are: the same object while nothing changed."""
        self._update_containers(containers)
        return self._devices.read(containers)

    def _update_containers(self, containers: tuple[Container, ...]) -> None:
        if self._namespaces:
            self._namespaces.update(containers)

    def read_interface_counters(self, wanted: tuple[NamespaceInterface, ...]) -> list[tuple[Any, ...]]:
        """Read the counters of interfaces inside containers."""
        return self._interface_counters.read(wanted)

    def read_bound(self, ports: Collection[PortKey]) -> Mapping[PortKey, tuple[BoundSocket, ...]]:
        """Read which sockets have these local ports, in any state. Raises OSError."""
        return self._ports.read_bound(ports) if self._ports else {}

    def namespace_stats(self) -> tuple[Mapping[str, NamespaceStats], float | None]:
        """Return the last statistics of each container's namespace, and the age of the oldest."""
        found, age = self._namespaces.snapshot() if self._namespaces else ({}, None)
        return self._namespace_stats(found), age

    def update_overlays(self, files: Mapping[str, str]) -> None:
        """Set which overlays are here: network id -> the file of its hidden namespace."""
        self._overlays.update_files(files)

    @property
    def fib(self) -> FibReading:
        """The route lookups as they are now."""
        return self._fib.reading

    def update_route_queries(self, queries: frozenset[RouteQuery]) -> None:
        """Set the route lookups to keep current."""
        self._fib.update_queries(queries)

    def overlays(self) -> OverlayReading:
        """Return the last reading of the overlays."""
        return self._overlays.reading()


def _statistics(readings: Mapping[str, StatsReading]) -> dict[str, NamespaceStats]:
    return {key: reading.stats for key, reading in readings.items()}
