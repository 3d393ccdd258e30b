"""The host's devices as one source: links, addresses and routes, and the namespaces of their peers."""

from collections.abc import Mapping

from msgspec import Struct

from exporter.core.model.docker import Container, Link
from exporter.core.model.kernel_sample import Degraded, Devices, EndedLink
from exporter.errors import SourceError
from exporter.kernel.links.addresses import AddressReader, uplinks
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.namespaces.resolver import NamespaceResolver
from exporter.kernel.proc import may_administer_networks, sees_host_processes

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


class Cause(Struct, frozen=True):
    """What Devices were made from: while it is equal, so are they."""

    links: int
    addresses: int
    containers: tuple[Container, ...]


class DeviceSource:
    """Made and started in the host's network namespace; `latest` are the devices last read."""

    def __init__(self, links: LinkWatcher, resolver: NamespaceResolver) -> None:
        self._links = links
        self._resolver = resolver
        self._addresses = AddressReader()
        self._cause = Cause(-1, -1, ())
        self._net_admin = may_administer_networks()
        self._host_pids = sees_host_processes()
        self.latest = Devices()

    def start(self) -> None:
        """Dump the links, then follow their notifications."""
        self._links.start()

    def stop(self) -> None:
        """End the thread and close every socket."""
        self._links.stop()
        self._resolver.close()
        self._addresses.close()

    @property
    def links(self) -> Mapping[int, Link]:
        """The links by ifindex."""
        return self._links.links()[1]

    @property
    def overflows(self) -> int:
        """How often notifications were lost."""
        return self._links.overflows

    def drain_ended(self) -> list[EndedLink]:
        """Return the links that ended since the last call, with their final counters."""
        return self._links.drain_ended()

    def read(self, containers: tuple[Container, ...]) -> Devices:
        """Return the devices and whose they are: the same object while nothing changed. Raises OSError."""
        addresses, carriers, routes = self._addresses.read()
        # After all that may fail: a freed nsid that is missed would be taken for its former owner's.
        freed = self._links.drain_freed()
        generation, links = self._links.links()
        cause = Cause(generation, self._addresses.generation, containers)
        if freed or cause != self._cause:
            sandboxes = self._resolver.sandboxes(containers, freed)
            names = {ifindex: link.name for ifindex, link in links.items()}
            self.latest = Devices(
                links=links,
                sandboxes=sandboxes,
                interfaces=self._resolver.interfaces(links, containers, sandboxes),
                addresses={names[ifindex]: found for ifindex, found in addresses.items() if ifindex in names},
                uplinks=uplinks(names, carriers),
                routes=routes,
            )
            self._cause = cause
        return self.latest

    def read_current(self, containers: tuple[Container, ...]) -> Devices:
        """Return the devices; SourceError while they may be outdated."""
        devices = self.read(containers)
        if self._links.stale:
            raise SourceError("stale", self._links.stale)
        return devices

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what must be granted to see more."""
        missing = []
        if not (self._net_admin and self._resolver.may_read_interfaces):
            missing.append(NO_NET_ADMIN)
        if self._resolver.hidden and not self._host_pids:
            missing.append(NO_HOST_PIDS)
        return tuple(missing)
