"""Ports as one source: the host's listening sockets at each scrape; between scrapes what takes too long for them.

The latter are the listening sockets in containers' own namespaces, and the memory of docker-proxies.
"""

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.kernel_sample import Degraded, KernelSample
from exporter.core.model.memo import keep_equal
from exporter.core.model.sockets import (
    BoundSocket,
    HostSockets,
    ListeningSocket,
    NamespaceSockets,
    PortKey,
    ProxyUse,
)
from exporter.core.ports.socket_owner import with_watched_namespace
from exporter.errors import SourceError
from exporter.kernel.late_call import LateCall
from exporter.kernel.namespaces.sweep import Sweep
from exporter.kernel.read_source import timed
from exporter.kernel.sockets.listeners import Listening, SocketReader
from exporter.kernel.sockets.owners import SocketOwners
from exporter.kernel.sockets.port_settings import PortSettings
from exporter.kernel.sockets.process_condition import read_condition
from exporter.kernel.sockets.socket_counts import CountedReading, read_counted

READ_SECONDS = 0.2
LATE = Degraded("sockets", "late", f"reading the listening sockets takes longer than {READ_SECONDS} s: they are old")


class ContainerPorts(Struct, frozen=True):
    """What was read in a container's namespace.

    Of its docker-proxies: their resident memory in bytes, and the ports of those that are stopped.
    """

    inside: CountedReading
    proxy_memory: int
    stopped: frozenset[PortKey]


class PortReader:
    """Made and read in the host's network namespace."""

    def __init__(self, procfs: Path, sysfs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._procfs = procfs
        self._clock = clock
        self._sockets = SocketReader()
        self._reading = LateCall[Listening]("listeners", READ_SECONDS)
        self._settings = PortSettings()
        self._listening: Listening | None = None
        self._late = False
        self._owners = SocketOwners(procfs, sysfs, clock)
        self._inventory = Inventory()
        self._names: Mapping[str, str] = {}
        self._host = HostSockets()
        self._reserved_ports: tuple[tuple[int, int], ...] = ()
        self._bound: Mapping[PortKey, tuple[BoundSocket, ...]] = {}
        self._proxies: Mapping[str, Mapping[int, ListeningSocket]] = {}
        self._sweep = Sweep("namespace_sockets", self._read_container)
        self._namespaces: Mapping[str, tuple[ListeningSocket, ...]] = {}
        self._redirected: frozenset[str] = frozenset()
        self._use: Mapping[str, ProxyUse] = {}

    def start(self) -> None:
        """Start to read containers' namespaces."""
        self._sweep.start()

    def stop(self) -> None:
        """End the thread and close the socket."""
        self._sweep.stop()
        self._reading.stop()
        self._owners.stop()
        self._sockets.close()
        self._settings.close()

    def update_inventory(self, inventory: Inventory) -> None:
        """Set whose namespaces are read."""
        if inventory is not self._inventory:
            self._inventory = inventory
            containers = with_watched_namespace(inventory)
            self._names = {container.id: container.name for container in containers}
            self._sweep.update(containers)

    def add_to(self, sample: KernelSample, inventory: Inventory) -> KernelSample:
        """Add the ports: each value is the same object while it did not change."""
        self.update_inventory(inventory)
        sockets, state = timed("sockets", self._read)
        return replace(
            sample,
            sockets=sockets,
            namespace_sockets=self._namespace_sockets(),
            proxies=self._proxy_use() if state.up else None,
            reserved_ports=self._reserved_ports if state.up else None,
            sources=(*sample.sources, state, self._sweep.state()),
            degraded=sample.degraded + self._owners.degraded() + ((LATE,) if self._late else ()),
        )

    def read_bound(self, ports: Collection[PortKey]) -> Mapping[PortKey, tuple[BoundSocket, ...]]:
        """Read the sockets with these ports, in any state: the same value while nothing changed. Raises OSError."""
        found: dict[PortKey, tuple[BoundSocket, ...]] = {}
        if ports:
            holders = self._owners.read_bound({port for _, port in ports}, self._inventory)
            for protocol, port in ports:
                found[protocol, port] = tuple(one for one in holders if (one.protocol, one.port) == (protocol, port))
        self._bound = keep_equal(self._bound, found)
        return self._bound

    def _read(self) -> HostSockets:
        local_ports, reserved = self._settings.read()
        host = self._owners.resolve(self._read_listening(), self._inventory, local_ports)
        if host is not self._host:
            self._host = host
            self._proxies = self._owners.proxies()
        self._reserved_ports = keep_equal(self._reserved_ports, reserved)
        return host

    def _read_listening(self) -> Listening:
        """Read the listening sockets; the last ones where that takes too long for a scrape."""
        declared = self._owners.declared(self._inventory)
        found = self._reading.poll(lambda: self._sockets.read(declared))
        self._late = found is None
        self._listening = found or self._listening
        if self._listening is None:
            raise SourceError("late", LATE.detail)
        return self._listening

    def _namespace_sockets(self) -> NamespaceSockets:
        readings, age = self._sweep.snapshot()
        inside = {key: found for key, one in readings.items() if (found := one.inside.reading) is not None}
        self._namespaces = keep_equal(self._namespaces, {key: one.listeners for key, one in inside.items()})
        redirected = frozenset(key for key, one in inside.items() if one.redirected)
        self._redirected = keep_equal(self._redirected, redirected)
        return NamespaceSockets(self._namespaces, age, self._redirected)

    def _proxy_use(self) -> Mapping[str, ProxyUse]:
        readings, _ = self._sweep.snapshot()
        read = {self._names[key]: reading for key, reading in readings.items() if key in self._names}
        use = {
            name: ProxyUse(len(pids), read[name].proxy_memory, read[name].stopped)
            if name in read
            else ProxyUse(len(pids))
            for name, pids in sorted(self._proxies.items())
        }
        self._use = keep_equal(self._use, use)
        return self._use

    def _read_container(self, container: Container, known: ContainerPorts | None) -> ContainerPorts:
        """Read one container, in the sweep's thread."""
        inside = read_counted(self._procfs, container, known.inside if known else None, self._clock())
        proxies = self._proxies.get(container.name, {})
        conditions = [(one, read_condition(self._procfs, pid)) for pid, one in proxies.items()]
        stopped = frozenset((one.protocol, one.port) for one, condition in conditions if condition.stopped)
        return ContainerPorts(inside, sum(condition.resident_memory for _, condition in conditions), stopped)
