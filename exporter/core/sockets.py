"""Who listens: sockets as the kernel tells them, and whose they are."""

from dataclasses import dataclass

CONTAINER, PROCESS, DOCKER_PROXY, ENGINE = "container", "process", "docker-proxy", "engine"


@dataclass(frozen=True, slots=True)
class ListeningSocket:
    """A TCP socket in LISTEN, or a UDP socket that is bound and not connected (linux/inet_diag.h).

    `address` is canonical text: `0.0.0.0`, `::`, `127.0.0.1`, `::ffff:192.0.2.1`. `cgroup_id` is 0 where the kernel
    tells none; it is the cgroup of whoever made the socket.
    """

    protocol: str
    address: str
    port: int
    v6only: bool = False
    inode: int = 0
    uid: int = 0
    cgroup_id: int = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a socket is: a container by its name, or a process by its own; of docker-proxy the container's name.

    `name` is '' and `kind` PROCESS where it cannot be told.
    """

    kind: str = PROCESS
    name: str = ""
    container_id: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket of the host's network namespace with its owner."""

    socket: ListeningSocket
    owner: Owner


@dataclass(frozen=True, slots=True)
class HostSockets:
    """All listening sockets of the host's namespace; `complete` when the owner of each could be told."""

    listeners: tuple[Listener, ...] = ()
    complete: bool = True
