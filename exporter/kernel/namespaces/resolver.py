"""Whose network namespace an nsid is: asked of the kernel, without entering any namespace.

An nsid is the number that our namespace uses for another one. The kernel gives it when the first device moves there
and **reuses a freed one at once**, so an answer holds only until a namespace came or went. Sources:
linux/net_namespace.h; RTM_GETNSID by process needs no privilege, but the process must be visible.
"""

import contextlib
import os
from collections.abc import Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from exporter.core.model.docker import Container, Interface, Link
from exporter.kernel.links.links import read_interfaces
from exporter.kernel.namespaces.interface_counters import read_names
from exporter.kernel.namespaces.setns import opened_netns
from exporter.kernel.netlink.client import open_socket
from exporter.kernel.netlink.nsid import ALL_NSIDS, NETNSA_FD, NETNSA_PID, UNASSIGNED, read_nsid
from exporter.kernel.proc import is_container_process

# What changes when a namespace's devices do: its endpoints' ids, and (peer ifindex, carrier) of each of its veths.
Shape = frozenset[Hashable]


class NamespaceResolver:
    """Finds container -> nsid, and the devices inside a namespace; remembers both while they hold."""

    def __init__(self, procfs: Path) -> None:
        self._procfs = procfs
        self._socket = open_socket()
        self._nsids: dict[tuple[str, int], int] = {}
        self._interfaces: dict[int, tuple[Shape, tuple[Interface, ...]]] = {}
        self.may_read_interfaces = True
        self.hidden: frozenset[str] = frozenset()  # containers whose process is not visible from here

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def sandboxes(self, containers: Iterable[Container], freed: AbstractSet[int]) -> dict[str, int]:
        """Return container id -> nsid for those that have a network namespace of their own with a device in it."""
        self._forget(freed)
        own = read_nsid(self._socket, NETNSA_PID, os.getpid())
        known, self._nsids = self._nsids, {}
        found: dict[str, int] = {}
        hidden: set[str] = set()
        for container in containers:
            key = container.id, container.pid
            nsid = known.get(key, UNASSIGNED)
            if nsid == UNASSIGNED:
                asked = self._ask(container)
                if asked is None:
                    hidden.add(container.id)
                    continue
                nsid = asked
            if nsid not in (UNASSIGNED, own):
                found[container.id] = self._nsids[key] = nsid
        self.hidden = frozenset(hidden)
        return found

    def _forget(self, freed: AbstractSet[int]) -> None:
        if ALL_NSIDS in freed:
            self._nsids.clear()
            self._interfaces.clear()
        elif freed:
            self._nsids = {key: nsid for key, nsid in self._nsids.items() if nsid not in freed}
            for nsid in freed:
                self._interfaces.pop(nsid, None)

    def _ask(self, container: Container) -> int | None:
        """Ask by process, then by the file that the engine keeps of the sandbox; None when neither can be seen."""
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
        known = {nsid: self._look(nsid, frozenset(shape), owners.get(nsid)) for nsid, shape in shapes.items()}
        self._interfaces = {nsid: look for nsid, look in known.items() if look is not None}
        return {nsid: inside for nsid, (_, inside) in self._interfaces.items()}

    def _look(self, nsid: int, shape: Shape, owner: Container | None) -> tuple[Shape, tuple[Interface, ...]] | None:
        """Look inside a namespace unless it still has the shape that it had at the last look."""
        known = self._interfaces.get(nsid)
        if known is not None and known[0] == shape:
            return known
        try:
            inside = read_interfaces(self._socket, nsid)
        except PermissionError:
            self.may_read_interfaces = False
            return shape, read_names(self._procfs, owner.pid, owner.id) if owner else ()
        except OSError:  # the namespace went in the meantime; its links will say so
            return None
        self.may_read_interfaces = True
        return shape, inside
