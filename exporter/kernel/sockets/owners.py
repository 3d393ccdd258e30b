"""Who listens on the host: each listening socket of its network namespace with its owner.

By the cgroup that it was made in, which needs no right and costs nothing; else by the process that holds it.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded
from exporter.core.model.sockets import DOCKER_PROXY, BoundSocket, HostSockets, Listener, ListeningSocket, Owner
from exporter.core.ports.socket_owner import KnownContainers, known_containers, owner_of
from exporter.kernel.sockets.cgroups import CgroupTree
from exporter.kernel.sockets.holders import HolderTable
from exporter.kernel.sockets.listeners import read_any_state

NO_CGROUP_TREE = Degraded(
    "sockets",
    "no_cgroup_tree",
    "mount the host's /sys, with /sys/fs/cgroup in it, and name it by --path.sysfs: a socket's cgroup tells whose "
    "container it is",
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

Ports = tuple[int, int]  # the first and the last


class SocketOwners:
    """Tells the owners again and again: the same value while nothing changed."""

    def __init__(self, procfs: Path, sysfs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._tree = CgroupTree(sysfs)
        self._listening = HolderTable(procfs, self._tree, clock)
        self._bound = HolderTable(procfs, self._tree, clock)
        self._inventory = Inventory()
        self._known = KnownContainers()
        self._asked: tuple[object, ...] = ()
        self._shown: tuple[ListeningSocket, ...] = ()
        self._unowned: Mapping[int, ListeningSocket] = {}
        self._told = HostSockets()

    def tell(self, sockets: tuple[ListeningSocket, ...], inventory: Inventory, local_ports: Ports) -> HostSockets:
        """Tell whose each listening socket is; `local_ports` are those that the kernel hands out."""
        self._follow(inventory)
        asked = sockets, self._known, local_ports
        same = asked == self._asked
        if same and not self._listening.due():
            return self._told
        if not same:
            self._shown = tuple(socket for socket in sockets if self._is_shown(socket, local_ports))
            self._unowned = self._without_container(self._shown)
            self._asked = asked
        if self._listening.follow(self._unowned) or not same:
            listeners = tuple(sorted(self._listeners(), key=_place))
            told = HostSockets(listeners, all(listener.owner.told for listener in listeners), local_ports)
            if told != self._told:
                self._told = told
        return self._told

    def bound(self, ports: Collection[int], inventory: Inventory) -> tuple[BoundSocket, ...]:
        """Read who has these local ports in whatever state, in the calling thread's namespace. Raises OSError."""
        self._follow(inventory)
        found = [row for port in ports for row in read_any_state(port)]
        unowned = self._without_container([socket for _, socket in found])
        self._bound.follow(unowned)
        return tuple(
            BoundSocket(socket.protocol, socket.address, socket.port, state, self._owner(socket, self._bound))
            for state, socket in found
        )

    def proxies(self) -> dict[int, str]:
        """Return the docker-proxies that hold a listening socket: pid -> name of the container that each is for."""
        listeners = [one for one in self._told.listeners if one.owner.kind == DOCKER_PROXY]
        holders = [(self._listening.process(one.socket.inode), one.owner.name) for one in listeners]
        return {process.pid: name for process, name in holders if process and name}

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what has to be granted, where an owner could not be told."""
        untold = [listener.socket for listener in self._told.listeners if not listener.owner.told]
        if not untold:
            return ()
        processes = NO_SYS_PTRACE if self._listening.sees_all else NO_HOST_PIDS
        hidden = any(self._tree.hides(socket.cgroup_id) for socket in untold)
        return (NO_CGROUP_TREE, processes) if hidden else (processes,)

    def _follow(self, inventory: Inventory) -> None:
        if inventory is not self._inventory:
            self._inventory = inventory
            known = known_containers(inventory)
            if known != self._known:
                self._known = known

    def _is_shown(self, socket: ListeningSocket, local_ports: Ports) -> bool:
        first, last = local_ports
        if socket.protocol != "udp" or not first <= socket.port <= last:
            return True
        return (socket.protocol, socket.port) in self._known.declared

    def _without_container(self, sockets: Collection[ListeningSocket]) -> dict[int, ListeningSocket]:
        """Return those by inode whose cgroup is no container's: of them the holder has to be found."""
        cgroups = {socket.cgroup_id for socket in sockets}
        self._tree.learn(cgroups)
        owned = {c for c in cgroups if not self._known.names.keys().isdisjoint(self._tree.container_ids(c))}
        return {socket.inode: socket for socket in sockets if socket.inode and socket.cgroup_id not in owned}

    def _listeners(self) -> Iterator[Listener]:
        for socket in self._shown:
            yield Listener(socket, self._owner(socket, self._listening))

    def _owner(self, socket: ListeningSocket, holders: HolderTable) -> Owner:
        cgroup = self._tree.container_ids(socket.cgroup_id)
        return owner_of(socket, cgroup, holders.process(socket.inode), self._known)


def _place(listener: Listener) -> tuple[str, int, str, int]:
    socket = listener.socket
    return socket.protocol, socket.port, socket.address, socket.inode
