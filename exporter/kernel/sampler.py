"""Read the kernel once per observation: each source once, timed; a failed one is a value and costs its own families."""

import concurrent.futures
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.core.model.docker import Container, Inventory, Link
from exporter.core.model.kernel_sample import (
    Degraded,
    Devices,
    EndedLink,
    Inside,
    KernelSample,
    SourceState,
    StatsRow,
)
from exporter.core.model.sockets import BoundSocket, PortKey
from exporter.core.topology.overlay import OverlayReading
from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.errors import SourceError
from exporter.kernel.conntrack.table import read_conntrack
from exporter.kernel.links.addresses import AddressReader, uplinks
from exporter.kernel.links.fdb import read_learned, read_learned_counts
from exporter.kernel.links.stats import LinkStatsReader
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.namespaces.interface_counters import read_inside
from exporter.kernel.namespaces.overlay import NO_SYS_ADMIN, NOT_MOUNTED
from exporter.kernel.namespaces.overlay_sweep import OverlaySweep
from exporter.kernel.namespaces.resolver import NamespaceResolver
from exporter.kernel.namespaces.sweep import sweep_statistics
from exporter.kernel.netlink.client import open_socket
from exporter.kernel.proc import may_administer_networks, read_net_dev, sees_host_processes
from exporter.kernel.read_source import timed
from exporter.kernel.sockets.source import PortReader

# RTNL is one lock for the whole machine: a dump can wait for other namespaces being made. After this long the same
# counters are read from /proc/net/dev, which takes no lock.
STATS_TIMEOUT = 0.25
# Reading the forwarding tables of a thousand ports takes RTNL for tens of ms.
LEARNED_SECONDS = 10.0

SYSFS = Path("/sys")
NO_INVENTORY = Inventory()

NO_NET_ADMIN = Degraded(
    "namespaces",
    "no_net_admin",
    "grant CAP_NET_ADMIN: interface names inside containers are unknown, a burst of events may be lost",
)
NO_HOST_PIDS = Degraded(
    "namespaces",
    "no_host_pids",
    "run in the host's pid namespace (--pid=host) or mount the engine's netns directory: containers' processes are "
    "not visible",
)
HIDDEN_OVERLAYS = (
    Degraded("overlay", NO_SYS_ADMIN, "grant CAP_SYS_ADMIN: overlays' peers are unknown"),
    Degraded("overlay", NOT_MOUNTED, "mount the engine's netns directory: overlays' peers are unknown"),
)


@dataclass(frozen=True, slots=True)
class Cause:
    """What Devices were made from: while it is equal, so are they."""

    links: int
    addresses: int
    containers: tuple[Container, ...]


class KernelSampler:
    """The kernel side: made and started in the host's network namespace, sampled from one thread at a time."""

    def __init__(self, procfs: Path, sysfs: Path = SYSFS, *, sweep: bool = True, ports: bool = True) -> None:
        self._links = LinkWatcher()
        self._namespaces = NamespaceResolver(procfs)
        self._addresses = AddressReader()
        self._stats = LinkStatsReader()
        self._questions = open_socket()
        self._procfs = procfs
        self._containers: tuple[Container, ...] = ()
        self._sweep = sweep_statistics(procfs, lambda: self._containers) if sweep else None
        self._ports = PortReader(procfs, sysfs) if ports else None
        self._learned: Mapping[int, int] = {}
        self._learned_until = 0.0
        self._overlays = OverlaySweep()
        self._pool = concurrent.futures.ThreadPoolExecutor(1, "link_stats")
        self._pending: concurrent.futures.Future[list[StatsRow]] | None = None
        self._made: tuple[Cause, Devices] = (Cause(-1, -1, ()), Devices())
        self._net_admin = may_administer_networks()
        self._host_pids = sees_host_processes()

    def start(self) -> None:
        """Read all devices and begin to follow them."""
        self._links.start()
        for reader in (self._sweep, self._ports):
            if reader:
                reader.start()

    def stop(self) -> None:
        """End the threads and close every socket."""
        self._links.stop()
        self._overlays.stop()
        for reader in (self._sweep, self._ports):
            if reader:
                reader.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for source in (self._namespaces, self._addresses, self._stats, self._questions):
            source.close()

    def follow(self, inventory: Inventory) -> None:
        """Take whose namespaces to look into beside the samples: the first of them then finds something there."""
        if self._ports:
            self._ports.follow(inventory)

    def take_ended(self) -> list[EndedLink]:
        """Hand over the veths that ended since the last call, with their final counters."""
        return self._links.take_ended()

    def sample(self, containers: tuple[Container, ...], inventory: Inventory = NO_INVENTORY) -> KernelSample:
        """Read everything; `containers` are those of the inventory that have a network namespace of their own."""
        stats, stats_state = timed("link_stats", self._read_stats)
        devices, links_state = timed("links", lambda: self._current_devices(containers))
        learned, learned_state = timed("fdb", self._read_learned)
        conntrack, conntrack_state = timed("conntrack", lambda: read_conntrack(self._procfs))
        sample = KernelSample(
            devices=devices or self._made[1],
            stats=stats,
            sources=(links_state, stats_state, learned_state, conntrack_state, *self._sweep_states()),
            degraded=self._degraded(),
            overflows=self._links.overflows,
            conntrack=conntrack,
            learned=learned,
        )
        return self._ports.add_to(sample, inventory) if self._ports else sample

    def bound(self, questions: Collection[PortKey]) -> Mapping[PortKey, tuple[BoundSocket, ...]]:
        """Read who has these ports (protocol and number) in whatever state. Raises OSError."""
        return self._ports.bound(questions) if self._ports else {}

    def namespace_stats(self) -> tuple[Mapping[str, NamespaceStats], float | None]:
        """Return what the sweep read last of each container's namespace, and the age of the oldest reading."""
        return self._sweep.snapshot() if self._sweep else ({}, None)

    def follow_overlays(self, files: Mapping[str, str]) -> None:
        """Take which overlays are here: network id -> the file of its hidden namespace."""
        self._overlays.follow(files)

    def overlays(self) -> OverlayReading:
        """Return what was read last of the overlays that are followed."""
        return self._overlays.reading()

    def _sweep_states(self) -> tuple[SourceState, ...]:
        namespaces = (self._sweep.state(),) if self._sweep else ()
        return namespaces + self._overlays.state()

    def read_inside(self, wanted: tuple[Inside, ...]) -> list[tuple[Any, ...]]:
        """Read the counters of devices inside containers."""
        return read_inside(self._questions, self._procfs, wanted)

    def devices(self, containers: tuple[Container, ...]) -> Devices:
        """Return the devices and whose they are: the same object while nothing changed."""
        self._containers = containers
        self._addresses.read()
        # After all that may fail: a freed nsid that is not heard of would be taken for its former owner's.
        freed = self._links.take_freed()
        generation, links = self._links.links()
        cause = Cause(generation, self._addresses.generation, containers)
        if freed or cause != self._made[0]:
            self._made = cause, self._make(links, containers, freed)
        return self._made[1]

    def _current_devices(self, containers: tuple[Container, ...]) -> Devices:
        """Return them as well, and raise SourceError while they may be old."""
        devices = self.devices(containers)
        if self._links.stale:
            raise SourceError("stale", self._links.stale)
        return devices

    def _make(
        self,
        links: Mapping[int, Link],
        containers: tuple[Container, ...],
        freed: set[int],
    ) -> Devices:
        sandboxes = self._namespaces.sandboxes(containers, freed)
        addresses, carriers, routes = self._addresses.read()
        names = {ifindex: link.name for ifindex, link in links.items()}
        return Devices(
            links=links,
            sandboxes=sandboxes,
            interfaces=self._namespaces.interfaces(links, containers, sandboxes),
            addresses={names[ifindex]: found for ifindex, found in addresses.items() if ifindex in names},
            uplinks=uplinks(names, carriers),
            routes=routes,
        )

    def _read_learned(self) -> Mapping[int, int]:
        """Ask for the kernel's own counts; one that keeps none (before 6.7) has its tables read now and then."""
        counts = read_learned_counts(self._questions)
        if counts is not None:
            return counts
        if time.monotonic() >= self._learned_until:
            self._learned, self._learned_until = read_learned(self._questions), time.monotonic() + LEARNED_SECONDS
        return self._learned

    def _read_stats(self) -> list[StatsRow]:
        """Wait for the dump no longer than the timeout; one that is late is not started a second time."""
        if self._pending is None or self._pending.done():
            _, links = self._links.links()
            bridges = [ifindex for ifindex, link in links.items() if link.kind == "bridge"]
            self._pending = self._pool.submit(self._stats.read, bridges)
        try:
            return self._pending.result(STATS_TIMEOUT)
        except (concurrent.futures.TimeoutError, OSError):
            _, links = self._links.links()
            return read_net_dev({link.name: ifindex for ifindex, link in links.items()})

    def _degraded(self) -> tuple[Degraded, ...]:
        missing = []
        if not (self._net_admin and self._namespaces.may_look_inside):
            missing.append(NO_NET_ADMIN)
        if self._namespaces.hidden and not self._host_pids:
            missing.append(NO_HOST_PIDS)
        missing += [degraded for degraded in HIDDEN_OVERLAYS if degraded.reason in self._overlays.hidden()]
        return tuple(missing)
