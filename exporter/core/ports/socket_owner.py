"""Owners of listening sockets: the processes that hold them, matched with the inventory."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from exporter.core.model.docker import PODMAN, Container, Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.sockets import CONTAINER, DOCKER_PROXY, ENGINE, PROCESS, ListeningSocket, Owner
from exporter.core.ports.container_failures import failed
from exporter.core.topology.address_owners import address_owners

# Programs that listen for containers besides docker-proxy: dockerd itself where there is no userland proxy, and for all
# containers of a rootless engine the process that joins its network to the host's.
ENGINES = frozenset({"dockerd", "rootlesskit"})
PODMAN_ENGINES = frozenset({"podman", "conmon", "rootlessport"})  # conmon reserves the port that DNAT rules forward
UNIDENTIFIED = Owner()


class Proxy(Struct, frozen=True):
    """The command line of a docker-proxy; there is one process for each address family."""

    protocol: str
    host_ip: str
    host_port: int
    container_ip: str


class Process(Struct, frozen=True):
    """The holder of a socket. `container_ids` are possible container ids in the names of its cgroups.

    `proxy` is read from the command line, `parent` is the name of the parent process; any user may choose both.
    `uid` is the real user id, -1 where it is not known. `kin` says whether it is the engine's process, a child of it or
    in its cgroup; None where the engine's process is not known.
    """

    pid: int
    name: str
    container_ids: tuple[str, ...] = ()
    proxy: Proxy | None = None
    uid: int = -1
    parent: str = ""
    kin: bool | None = None


class KnownContainers(Struct, frozen=True):
    """What identifies a container's sockets.

    `names` by container id; `addresses`: IP address -> container id; `published`: protocol and port -> pairs of the
    host's address and a container id; `declared` are all protocols and ports that any container names. `engine_uid` is
    the user of the engine's process, None where it is not known, `engine_pid` the process behind its socket, `engines`
    the names of its processes.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[tuple[str, int], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    declared: frozenset[tuple[str, int]] = frozenset()
    engine_uid: int | None = 0
    engines: frozenset[str] = ENGINES
    engine_pid: int = 0


def known_containers(inventory: Inventory) -> KnownContainers:
    """Collect it from the inventory."""
    containers = inventory.containers.values()
    published: dict[tuple[str, int], tuple[tuple[str, str], ...]] = {}
    for container in containers:
        for binding in container.details.published if container.details else ():
            key = binding.protocol, binding.host_port
            published[key] = (*published.get(key, ()), (binding.host_ip, container.id))
    return KnownContainers(
        names={container.id: container.name for container in containers},
        addresses={ip: owner.container_id for ip, owner in address_owners(inventory).items()},
        published=published,
        declared=frozenset(port for container in containers for port in _declared(container)),
        engine_uid=inventory.engine.uid if inventory.engine else 0,
        engines=PODMAN_ENGINES if inventory.engine and inventory.engine.product == PODMAN else ENGINES,
        engine_pid=inventory.engine.pid if inventory.engine else 0,
    )


def _declared(container: Container) -> Iterator[tuple[str, int]]:
    if container.details is not None:
        yield from container.details.exposed
        for binding in (*container.details.bindings, *container.details.published):
            yield from ((binding.protocol, port) for port in range(binding.host_port, binding.last_host_port + 1))


def with_watched_namespace(inventory: Inventory) -> tuple[Container, ...]:
    """Containers whose listeners rules need: they publish a port, or others share the namespace.

    A sharer that failed may have failed to bind a port there.
    """
    # An owner is an id, or a name where the operator wrote one.
    shared = {c.network_owner for c in inventory.containers.values() if c.live or failed(c)}
    return tuple(
        container
        for container in sandboxed(inventory)
        if not shared.isdisjoint((container.id, container.name)) or (container.details and container.details.published)
    )


def owner_of(socket: ListeningSocket, cgroup: Iterable[str], process: Process | None, known: KnownContainers) -> Owner:
    """Return the owner. `cgroup` holds possible container ids in the name of the cgroup that created the socket."""
    container_id = _last_known(cgroup, known) or (_last_known(process.container_ids, known) if process else "")
    if container_id:
        return Owner(CONTAINER, known.names[container_id], container_id)
    if process is None:
        return UNIDENTIFIED
    if _is_users_own(socket, process, known):
        return Owner(PROCESS, process.name)
    if process.proxy is not None:
        return _of_proxy(socket, process, process.proxy, known)
    kin = process.kin is not False or known.engines is PODMAN_ENGINES  # conmon outlives what started it
    if process.name in known.engines and kin:
        return _of_docker(ENGINE, _publisher(socket, known), known)
    return Owner(PROCESS, process.name)


def _is_users_own(socket: ListeningSocket, process: Process, known: KnownContainers) -> bool:
    """Whether the process or its socket is of another user than the engine: such a user chooses any name."""
    return known.engine_uid is not None and not (process.uid == socket.uid == known.engine_uid)


def _of_proxy(socket: ListeningSocket, process: Process, proxy: Proxy, known: KnownContainers) -> Owner:
    """Return the owner by the address that a docker-proxy forwards to.

    An engine starts its docker-proxy before it reports the container's address: then the container that publishes the
    port counts, unless it has another address.
    """
    target = known.addresses.get(proxy.container_ip, "")
    if process.kin is False:  # of another engine, or it only has such arguments
        return Owner(PROCESS, process.name) if target else Owner(DOCKER_PROXY, foreign_target=proxy.container_ip)
    if not target and process.parent in ENGINES:
        publisher = _publisher(socket, known)
        target = "" if publisher in known.addresses.values() else publisher
    return _of_docker(DOCKER_PROXY, target, known) if target else Owner(DOCKER_PROXY, foreign_target=proxy.container_ip)


def _last_known(container_ids: Iterable[str], known: KnownContainers) -> str:
    """Return the innermost: an engine may run in another engine's container, which has a cgroup around it."""
    return next((found for found in reversed(tuple(container_ids)) if found in known.names), "")


def _of_docker(kind: str, container_id: str, known: KnownContainers) -> Owner:
    name = known.names.get(container_id, "")
    return Owner(kind, name, container_id if name else "")


def _publisher(socket: ListeningSocket, known: KnownContainers) -> str:
    """Return the container that publishes this address; '' as host address is every address of both families."""
    wildcard = socket.address in ("0.0.0.0", "::")
    for host_ip, container_id in known.published.get((socket.protocol, socket.port), ()):
        if host_ip == socket.address or (wildcard and not host_ip):
            return container_id
    return ""
