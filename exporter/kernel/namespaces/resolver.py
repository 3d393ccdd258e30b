"""The container of each nsid, and the interfaces in its namespace, read without entering any namespace.

An nsid is the number that our namespace uses for another one. The kernel assigns it when the first device moves there
and **reuses a freed one at once**, so a result is valid only until a namespace is created or ends. Sources:
linux/net_namespace.h; RTM_GETNSID by process needs no privilege, but the process must be visible.
"""

import contextlib
import errno
import os
from collections.abc import Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from msgspec.structs import replace

from exporter.core.model.docker import Container, Interface, Link
from exporter.kernel.links.links import read_interfaces
from exporter.kernel.namespaces.addresses import read_interface_addresses
from exporter.kernel.namespaces.interface_counters import read_names
from exporter.kernel.namespaces.setns import opened_netns
from exporter.kernel.netlink.client import open_socket
from exporter.kernel.netlink.nsid import ALL_NSIDS, NETNSA_FD, NETNSA_PID, UNASSIGNED, read_nsid
from exporter.kernel.proc import is_container_process

# What changes when a namespace's devices do: its endpoints' ids, and (peer ifindex, carrier) of each of its veths.
Shape = frozenset[Hashable]
Reading = tuple[Shape, tuple[Interface, ...]]


class NamespaceResolver:
    """Resolves container -> nsid, and nsid -> interfaces; caches both while they are valid."""

    def __init__(self, procfs: Path) -> None:
        self._procfs = procfs
        self._socket = open_socket()
        self._nsids: dict[tuple[str, int], int] = {}
        self._interfaces: dict[int, Reading] = {}
        self.may_read_interfaces = True
        self.hidden: frozenset[str] = frozenset()  # containers whose process is not visible from here

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def sandboxes(self, containers: Iterable[Container], freed: AbstractSet[int]) -> dict[str, int]:
        """Return container id -> nsid for those that have a network namespace of their own with a device in it."""
        self._evict(freed)
        own = read_nsid(self._socket, NETNSA_PID, os.getpid())
        known, self._nsids = self._nsids, {}
        found: dict[str, int] = {}
        hidden: set[str] = set()
        for container in containers:
            key = container.id, container.pid
            nsid = known.get(key, UNASSIGNED)
            if nsid == UNASSIGNED:
                found_nsid = self._read_nsid(container)
                if found_nsid is None:
                    hidden.add(container.id)
                    continue
                nsid = found_nsid
            if nsid not in (UNASSIGNED, own):
                found[container.id] = self._nsids[key] = nsid
        self.hidden = frozenset(hidden)
        return found

    def _evict(self, freed: AbstractSet[int]) -> None:
        if ALL_NSIDS in freed:
            self._nsids.clear()
            self._interfaces.clear()
        elif freed:
            self._nsids = {key: nsid for key, nsid in self._nsids.items() if nsid not in freed}
            for nsid in freed:
                self._interfaces.pop(nsid, None)

    def _read_nsid(self, container: Container) -> int | None:
        """Read it by the container's process, else by its sandbox file; None when neither is visible."""
        with contextlib.suppress(OSError):
            if container.pid and is_container_process(self._procfs, container.pid, container.id):
                return self._by_process(container.pid)
        with contextlib.suppress(OSError):
            if container.sandbox_key:
                return self._by_file(container.sandbox_key)
        return None

    def _by_process(self, pid: int) -> int:
        if self._procfs == Path("/proc"):
            return read_nsid(self._socket, NETNSA_PID, pid)
        return self._by_file(str(self._procfs / str(pid) / "ns/net"), follow=True)

    def _by_file(self, path: str, *, follow: bool = False) -> int:
        with opened_netns(path, follow=follow) as descriptor:
            return read_nsid(self._socket, NETNSA_FD, descriptor)

    def interfaces(
        self, links: Mapping[int, Link], containers: Iterable[Container], sandboxes: Mapping[str, int]
    ) -> dict[int, tuple[Interface, ...]]:
        """Return nsid -> the devices inside, for the containers' namespaces and those of our devices' peers.

        Without CAP_NET_ADMIN only their names are known, and only where the process is visible.
        """
        shapes: dict[int, set[Hashable]] = {
            sandboxes[c.id]: {endpoint.endpoint_id for endpoint in c.endpoints} for c in containers if c.id in sandboxes
        }
        owners = {sandboxes[c.id]: c for c in containers if c.id in sandboxes}
        for link in links.values():
            if link.peer_nsid is not None and link.kind == "veth":
                shapes.setdefault(link.peer_nsid, set()).add((link.peer_ifindex, link.carrier))
        found = {
            nsid: self._read_interfaces(nsid, frozenset(shape), owners.get(nsid)) for nsid, shape in shapes.items()
        }
        self._interfaces = {nsid: reading for nsid, reading in found.items() if reading is not None}
        return {nsid: interfaces for nsid, (_, interfaces) in self._interfaces.items()}

    def _read_interfaces(self, nsid: int, shape: Shape, owner: Container | None) -> Reading | None:
        """Read the interfaces of a namespace, unless its shape is that of the last reading."""
        known = self._interfaces.get(nsid)
        if known is not None and known[0] == shape:
            return known
        try:
            interfaces = read_interfaces(self._socket, nsid)
            if owner is not None and any(not endpoint.mac_address for endpoint in owner.endpoints):
                interfaces = self._with_networks(nsid, interfaces)
        except PermissionError:
            self.may_read_interfaces = False
            return shape, read_names(self._procfs, owner.pid, owner.id) if owner else ()
        except OSError as error:
            if error.errno != errno.EMSGSIZE:  # the namespace went in the meantime; its links will say so
                return None
            self._renew()
            return shape, ()
        self.may_read_interfaces = True
        return shape, interfaces

    def _renew(self) -> None:
        """Take another socket: the kernel goes on with a dump that was too large, on this one."""
        self._socket.close()
        self._socket = open_socket()

    def _with_networks(self, nsid: int, interfaces: tuple[Interface, ...]) -> tuple[Interface, ...]:
        """Add the addresses, by which an endpoint without a MAC address of its own is found: of ipvlan."""
        try:
            networks = read_interface_addresses(self._socket, nsid)
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                self._renew()
            return interfaces
        return tuple(replace(one, networks=networks.get(one.ifindex, ())) for one in interfaces)
