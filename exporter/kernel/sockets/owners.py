"""The owner of each listening socket of the host's network namespace.

By the cgroup that the socket was made in, which needs no privilege and costs nothing; else by the process that holds
it.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded
from exporter.core.model.memo import IdentityMemo, keep_equal
from exporter.core.model.sockets import (
    DOCKER_PROXY,
    BoundSocket,
    HostSockets,
    Listener,
    ListeningSocket,
    Owner,
    PortKey,
)
from exporter.core.ports.socket_owner import KnownContainers, known_containers, owner_of
from exporter.kernel.sockets.cgroups import CgroupTree, user_slice
from exporter.kernel.sockets.holders import HolderTable
from exporter.kernel.sockets.kinship import read_engine_process
from exporter.kernel.sockets.listeners import Listening, read_any_state

NO_CGROUP_TREE = Degraded(
    "sockets",
    "no_cgroup_tree",
    "mount the host's /sys, with /sys/fs/cgroup in it, and name it by --path.sysfs: a socket's container is known by "
    "its cgroup",
)
NO_HOST_PIDS = Degraded(
    "sockets",
    "no_host_pids",
    "run in the host's pid namespace (--pid=host): which process of the host holds a listening socket is unknown",
)
NO_SYS_PTRACE = Degraded(
    "sockets",
    "no_sys_ptrace",
    "grant CAP_SYS_PTRACE, and apparmor=unconfined where AppArmor confines the exporter: which process of the host "
    "holds a listening socket is unknown",
)

Ports = tuple[int, int]  # first, last


class SocketOwners:
    """Resolves owners: the same value while nothing changed."""

    def __init__(self, procfs: Path, sysfs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._procfs = procfs
        self._engine_pid = 0
        self._tree = CgroupTree(sysfs)
        self._listening = HolderTable(procfs, self._tree, clock)
        self._bound = HolderTable(procfs, self._tree, clock)
        self._known_containers = IdentityMemo(known_containers)
        self._known = KnownContainers()
        self._resolved: tuple[object, ...] = ()
        self._shown: tuple[ListeningSocket, ...] = ()
        self._unowned: Mapping[int, ListeningSocket] = {}
        self._latest = HostSockets()

    def declared(self, inventory: Inventory) -> frozenset[PortKey]:
        """Return the ports that any container names."""
        self._update_inventory(inventory)
        return self._known.declared

    def resolve(self, listening: Listening, inventory: Inventory, local_ports: Ports) -> HostSockets:
        """Return each listening socket with its owner; `local_ports` is the kernel's ephemeral range."""
        self._update_inventory(inventory)
        sockets = listening.sockets
        inputs = listening, self._known, local_ports
        same = inputs == self._resolved
        if same and not self._listening.due():
            return self._latest
        if not same:
            self._shown = tuple(socket for socket in sockets if self._is_shown(socket, local_ports))
            self._unowned = self._without_container(self._shown)
            self._resolved = inputs
        if self._listening.update(self._unowned) or not same:
            listeners = tuple(sorted(self._listeners(), key=_order))
            known = all(listener.owner.known for listener in listeners)
            complete = known and not listening.hides_declared
            found = HostSockets(listeners, complete, local_ports, listening.omitted)
            self._latest = keep_equal(self._latest, found)
        return self._latest

    def read_bound(self, ports: Collection[int], inventory: Inventory) -> tuple[BoundSocket, ...]:
        """Read the sockets with these local ports, in any state, of the calling thread's namespace. Raises OSError."""
        self._update_inventory(inventory)
        found = [row for port in ports for row in read_any_state(port)]
        unowned = self._without_container([socket for _, socket in found])
        self._bound.update(unowned)
        return tuple(
            BoundSocket(socket.protocol, socket.address, socket.port, state, self._owner(socket, self._bound))
            for state, socket in found
        )

    def stop(self) -> None:
        """End the threads that search for holders."""
        self._listening.stop()
        self._bound.stop()

    def proxies(self) -> dict[str, dict[int, ListeningSocket]]:
        """Return the docker-proxies of known containers that hold a listening socket: container's name -> pid -> it."""
        found: dict[str, dict[int, ListeningSocket]] = {}
        for one in self._latest.listeners:
            process = self._listening.process(one.socket.inode)
            if process and one.owner.kind == DOCKER_PROXY and one.owner.name:
                found.setdefault(one.owner.name, {})[process.pid] = one.socket
        return found

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what must be granted, where an owner is unknown."""
        unknown = [listener.socket for listener in self._latest.listeners if not listener.owner.known]
        if not unknown:
            return ()
        processes = NO_SYS_PTRACE if self._listening.sees_all else NO_HOST_PIDS
        hidden = any(self._tree.hides(socket.cgroup_id) for socket in unknown)
        return (NO_CGROUP_TREE, processes) if hidden else (processes,)

    def _update_inventory(self, inventory: Inventory) -> None:
        self._known = keep_equal(self._known, self._known_containers(inventory))
        self._tree.engine_slice = user_slice(self._known.engine_uid)
        if self._known.engine_pid != self._engine_pid:
            self._engine_pid = self._known.engine_pid
            engine = read_engine_process(self._procfs, self._engine_pid)
            for table in (self._listening, self._bound):
                table.update_engine(engine)

    def _is_shown(self, socket: ListeningSocket, local_ports: Ports) -> bool:
        first, last = local_ports
        if socket.protocol != "udp" or not first <= socket.port <= last:
            return True
        return (socket.protocol, socket.port) in self._known.declared

    def _without_container(self, sockets: Collection[ListeningSocket]) -> dict[int, ListeningSocket]:
        """Return, by inode, those whose cgroup is not a container's: their holder has to be searched for."""
        cgroups = {socket.cgroup_id for socket in sockets}
        self._tree.update(cgroups)
        owned = {c for c in cgroups if not self._known.names.keys().isdisjoint(self._tree.container_ids(c))}
        return {socket.inode: socket for socket in sockets if socket.inode and socket.cgroup_id not in owned}

    def _listeners(self) -> Iterator[Listener]:
        for socket in self._shown:
            yield Listener(socket, self._owner(socket, self._listening))

    def _owner(self, socket: ListeningSocket, holders: HolderTable) -> Owner:
        cgroup = self._tree.container_ids(socket.cgroup_id)
        return owner_of(socket, cgroup, holders.process(socket.inode), self._known)


def _order(listener: Listener) -> tuple[str, int, str, int]:
    socket = listener.socket
    return socket.protocol, socket.port, socket.address, socket.inode
