"""Binds that the kernel refused because the address was in use, counted by owner."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Inventory
from exporter.core.model.sockets import DOCKER_PROXY, PortKey
from exporter.core.ports.claims import PortClaims
from exporter.core.ports.container_failures import is_recent
from exporter.core.ports.socket_owner import ENGINES

# Programs that bind in the place of a container that publishes a port.
OF_DOCKER = ENGINES | {DOCKER_PROXY}

# How long a refusal waits for an inventory that names its container, and how many may wait.
WAIT_SECONDS = 60.0
MAX_WAITING = 1024
# Container ids that are kept, and names with counts of removed containers.
MAX_IDS, MAX_GONE_NAMES = 4096, 256
# Ports of one name with a count of their own; further ones are counted together.
MAX_PORTS = 64
OTHER = "other"

Failure = tuple[str, str, str]  # container, protocol, port


class RefusedBind(Struct, frozen=True):
    """bind(2) or listen(2) failed with EADDRINUSE, `times` times since the last reading, the last `at` (Unix time).

    `container_id` is '' for a process of the host. `netns` is the inode of the socket's network namespace, `pid` the
    last process that tried, as the host's pid namespace numbers it, `uid` its user, `comm` its name. `protocol` is tcp,
    udp or sctp.
    """

    cgroup_id: int
    container_id: str
    netns: int
    pid: int
    comm: str
    protocol: str
    address: str
    port: int
    at: float
    times: int = 1
    uid: int = 0


class BindFailureReport(Struct, frozen=True):
    """`counts` since the exporter started, by container, protocol and port; `lost`: upper bound of the others.

    `attached`: how each BPF program is attached, by its name.
    """

    counts: Mapping[Failure, int] = field(default_factory=dict)
    lost: int = 0
    attached: Mapping[str, str] = field(default_factory=dict)


class BindFailureCounts:
    """Counts by container name, which never decrease; `host_netns` is the inode of the host's network namespace.

    A container counts all binds refused to it, and those refused to docker-proxy or the engine in its place. Another
    process of the host counts, under its own name, when the port is a container's.
    """

    def __init__(self, host_netns: int) -> None:
        self._host_netns = host_netns
        self._ids: BoundedDict[str, str] = BoundedDict(MAX_IDS)  # container id -> name
        self._counts: dict[str, Counter[tuple[str, str]]] = {}  # the latest last
        self._waiting: deque[RefusedBind] = deque(maxlen=MAX_WAITING)
        self._latest: dict[str, dict[PortKey, RefusedBind]] = {}
        self._inventory = Inventory()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a container may be removed before its refusal is read."""
        self._inventory = inventory
        self._ids.resize(max(MAX_IDS, len(inventory.containers)))
        for container in inventory.containers.values():
            self._ids[container.id] = container.name
        self._latest = {key: ports for key, ports in self._latest.items() if key in inventory.containers}
        self._evict_names()

    def count(self, refused: Iterable[RefusedBind], claims: PortClaims, now: float) -> None:
        """Count the binds refused since the last call, in their order; `now` is Unix time."""
        waiting, self._waiting = self._waiting, deque(maxlen=MAX_WAITING)
        for bind in (*waiting, *refused):
            name = self._owner(bind, claims)
            if name is None and is_recent(bind.at, WAIT_SECONDS, now):
                self._waiting.append(bind)
            else:
                self._add(name if name is not None else _host_process(bind, claims), bind)
        self._evict_names()

    def counts(self) -> dict[Failure, int]:
        """Return all counts, of removed containers while their names are kept."""
        return {
            (name, protocol, port): number
            for name, counts in sorted(self._counts.items())
            for (protocol, port), number in sorted(counts.items())
        }

    def latest(self) -> Mapping[str, Mapping[PortKey, RefusedBind]]:
        """Return, by container id, the latest refusal of each port to a process of that container."""
        return self._latest

    def _owner(self, bind: RefusedBind, claims: PortClaims) -> str | None:
        """Return the owner's name, '' for one that is not counted, None while it is not known."""
        if bind.container_id:
            return self._ids.get(bind.container_id)
        if bind.netns != self._host_netns:
            return ""
        if bind.comm in OF_DOCKER and bind.uid == self._engine_uid():
            wanted = claims.wanted.get((bind.protocol, bind.port), frozenset())
            return next(iter(wanted)) if len(wanted) == 1 else None
        return _host_process(bind, claims)

    def _engine_uid(self) -> int | None:
        return self._inventory.engine.uid if self._inventory.engine else 0

    def _add(self, name: str, bind: RefusedBind) -> None:
        if not name:
            return
        counts = self._counts.pop(name, Counter())
        self._counts[name] = counts
        key = bind.protocol, str(bind.port)
        counts[key if key in counts or len(counts) < MAX_PORTS else (bind.protocol, OTHER)] += bind.times
        if bind.container_id in self._inventory.containers:
            latest = self._latest.setdefault(bind.container_id, {})
            latest.pop((bind.protocol, bind.port), None)
            latest[bind.protocol, bind.port] = bind
            if len(latest) > MAX_PORTS:
                del latest[next(iter(latest))]

    def _evict_names(self) -> None:
        if len(self._counts) > MAX_GONE_NAMES:
            present = {container.name for container in self._inventory.containers.values()}
            for name in [name for name in self._counts if name not in present][:-MAX_GONE_NAMES]:
                del self._counts[name]


def _host_process(bind: RefusedBind, claims: PortClaims) -> str:
    """The name of a process of the host that was refused a container's port; '' for every other one."""
    return bind.comm if not bind.container_id and (bind.protocol, bind.port) in claims.held else ""
