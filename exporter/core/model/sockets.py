"""Listening sockets as the kernel reports them, and their owners."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

PortKey: TypeAlias = tuple[str, int]  # protocol, number

CONTAINER, PROCESS, DOCKER_PROXY, ENGINE = "container", "process", "docker-proxy", "engine"
KERNEL = "kernel"  # the name for sockets of tunnels and of the kernel's own servers: no process has them
# Holders without a listening socket: an outgoing connection, the target address of a DNAT rule.
CONNECTION, ADDRESS = "connection", "address"
SERVICE = "service"  # a Swarm service, to whose tasks the routing mesh takes packets


class ListeningSocket(Struct, frozen=True):
    """A TCP socket in LISTEN, or a UDP socket that is bound and not connected (linux/inet_diag.h).

    `address` is canonical text: `0.0.0.0`, `::`, `127.0.0.1`, `::ffff:192.0.2.1`. `cgroup_id` is the cgroup of the
    process that created the socket, 0 where the kernel reports none. `ifindex` is the device that it is bound to, 0 for
    none.
    """

    protocol: str
    address: str
    port: int
    v6only: bool = False
    inode: int = 0
    uid: int = 0
    cgroup_id: int = 0
    ifindex: int = 0


class Owner(Struct, frozen=True):
    """Whose a socket is: a container by its name, or a process by its own.

    Of docker-proxy and of the engine it is the name of the container that they listen for, '' where that is not known
    or where the engine listens for itself. `name` is '' and `kind` PROCESS where it is unknown. `foreign_target` is the
    address that a docker-proxy forwards to when no container of this engine has it: left behind by an engine that
    ended, or another engine's.
    """

    kind: str = PROCESS
    name: str = ""
    container_id: str = ""
    foreign_target: str = ""

    @property
    def known(self) -> bool:
        """Whether the owner is known."""
        return bool(self.name) or self.kind != PROCESS


class Listener(Struct, frozen=True):
    """A listening socket of the host's network namespace with its owner."""

    socket: ListeningSocket
    owner: Owner


class HostSockets(Struct, frozen=True):
    """All listening sockets of the host's namespace; `complete` when the owner of each is known.

    The same object while nothing changed. UDP sockets on ports that the kernel hands out (`local_ports`: the first and
    the last, net.ipv4.ip_local_port_range) come and go with every DNS query: they are left out unless
    a container declares the port. `omitted` is how many others were left out, because one user has very many.
    """

    listeners: tuple[Listener, ...] = ()
    complete: bool = True
    local_ports: tuple[int, int] = (0, -1)
    omitted: int = 0


class BoundSocket(Struct, frozen=True):
    """A socket with a local port, whatever it does with it; `state` is the kernel's word, such as `established`.

    A socket in `time_wait` has no owner any more.
    """

    protocol: str
    address: str
    port: int
    state: str
    owner: Owner


class NamespaceSockets(Struct, frozen=True):
    """The listening sockets in containers' own network namespaces, by the id of the container that owns one.

    Read between scrapes, less often while the number of sockets is the same; `age` is how many seconds ago the first of
    them was looked at, None when there is none. A namespace that could not be read is absent. `redirected` are those in
    which a NAT chain of the prerouting hook has rules. Each value is the same object while nothing changed.
    """

    listeners: Mapping[str, tuple[ListeningSocket, ...]] = field(default_factory=dict)
    age: float | None = None
    redirected: frozenset[str] = frozenset()


class ProxyUse(Struct, frozen=True):
    """The docker-proxies of one container: how many there are, and their resident memory in bytes.

    `stopped` are the ports of those that a signal has stopped (state T of proc(5)): they accept no connection. Memory
    and states are read between scrapes; the memory is 0 where it was not read yet.
    """

    processes: int
    resident_memory: int = 0
    stopped: frozenset[PortKey] = frozenset()
