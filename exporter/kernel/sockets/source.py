"""Who holds which port: on the host at each scrape, and beside the scrapes what takes too long for them.

That is who listens in containers' own namespaces, and what the docker-proxies cost.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.model.sockets import BoundSocket, HostSockets, ListeningSocket, NamespaceSockets, PortKey, ProxyUse
from exporter.core.ports.socket_owner import with_watched_namespace
from exporter.kernel.namespaces.sweep import Sweep
from exporter.kernel.read_source import timed
from exporter.kernel.sockets.listeners import SocketReader, read_local_ports, read_reserved_ports
from exporter.kernel.sockets.namespace_sockets import read_namespace_sockets
from exporter.kernel.sockets.owners import SocketOwners
from exporter.kernel.sockets.processes import read_resident_memory


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one container: who listens in its namespace, None when that is hidden; its docker-proxies' memory."""

    listeners: tuple[ListeningSocket, ...] | None
    proxy_memory: int


class PortReader:
    """Made and asked in the host's network namespace."""

    def __init__(self, procfs: Path, sysfs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._procfs = procfs
        self._sockets = SocketReader()
        self._owners = SocketOwners(procfs, sysfs, clock)
        self._inventory = Inventory()
        self._containers: tuple[Container, ...] = ()
        self._told = HostSockets()
        self._reserved_ports: tuple[tuple[int, int], ...] = ()
        self._bound: Mapping[PortKey, tuple[BoundSocket, ...]] = {}
        self._proxies: Mapping[int, str] = {}
        self._sweep = Sweep("namespace_sockets", self._read_container, lambda: self._containers)
        self._namespaces: Mapping[str, tuple[ListeningSocket, ...]] = {}
        self._use: Mapping[str, ProxyUse] = {}

    def start(self) -> None:
        """Begin to look into containers' namespaces."""
        self._sweep.start()

    def stop(self) -> None:
        """End the thread and close the socket."""
        self._sweep.stop()
        self._sockets.close()

    def follow(self, inventory: Inventory) -> None:
        """Take whose namespaces to look into."""
        if inventory is not self._inventory:
            self._inventory = inventory
            self._containers = with_watched_namespace(inventory)

    def add_to(self, sample: KernelSample, inventory: Inventory) -> KernelSample:
        """Add who holds which port: each value the same object while it did not change."""
        self.follow(inventory)
        sockets, state = timed("sockets", self._read)
        return replace(
            sample,
            sockets=sockets,
            namespace_sockets=self._namespace_sockets(),
            proxies=self._proxy_use() if state.up else None,
            reserved_ports=self._reserved_ports if state.up else None,
            sources=(*sample.sources, state, self._sweep.state()),
            degraded=sample.degraded + self._owners.degraded(),
        )

    def bound(self, questions: Collection[PortKey]) -> Mapping[PortKey, tuple[BoundSocket, ...]]:
        """Read who has these ports in whatever state: the same value while nothing changed. Raises OSError."""
        found: dict[PortKey, tuple[BoundSocket, ...]] = {}
        if questions:
            holders = self._owners.bound({port for _, port in questions}, self._inventory)
            for protocol, port in questions:
                found[protocol, port] = tuple(one for one in holders if (one.protocol, one.port) == (protocol, port))
        if found != self._bound:
            self._bound = found
        return self._bound

    def _read(self) -> HostSockets:
        local_ports, reserved = read_local_ports(), read_reserved_ports()
        told = self._owners.tell(self._sockets.read(), self._inventory, local_ports)
        if told is not self._told:
            self._told = told
            self._proxies = self._owners.proxies()
        if reserved != self._reserved_ports:
            self._reserved_ports = reserved
        return told

    def _namespace_sockets(self) -> NamespaceSockets:
        readings, age = self._sweep.snapshot()
        listeners = {key: reading.listeners for key, reading in readings.items() if reading.listeners is not None}
        if listeners != self._namespaces:
            self._namespaces = listeners
        return NamespaceSockets(self._namespaces, age)

    def _proxy_use(self) -> Mapping[str, ProxyUse]:
        readings, _ = self._sweep.snapshot()
        names = {container.id: container.name for container in self._containers}
        memory = {names[key]: reading.proxy_memory for key, reading in readings.items() if key in names}
        counts = Counter(self._proxies.values())
        use = {name: ProxyUse(count, memory.get(name, 0)) for name, count in sorted(counts.items())}
        if use != self._use:
            self._use = use
        return self._use

    def _read_container(self, container: Container) -> Reading:
        """Read one; called by the sweep's thread."""
        listeners = read_namespace_sockets(self._procfs, container)
        known = self._namespaces.get(container.id)
        pids = [pid for pid, name in self._proxies.items() if name == container.name]
        memory = sum(read_resident_memory(self._procfs, pid) for pid in pids)
        return Reading(known if known == listeners else listeners, memory)
