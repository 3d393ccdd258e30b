"""Binds that the kernel refused because the address was in use: whose they were, and how often."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from exporter.core.model.docker import Inventory
from exporter.core.model.sockets import DOCKER_PROXY, PortKey
from exporter.core.ports.claims import PortClaims
from exporter.core.ports.socket_owner import ENGINES

# Who binds in the place of a container that publishes a port.
OF_DOCKER = ENGINES | {DOCKER_PROXY}

# How long a refusal waits until the engine tells whose it was, and how many may wait.
PATIENCE_SECONDS = 60.0
WAITING = 1024
# How many containers' ids are remembered, and how many names with counts that no container has any more.
IDS, NAMES = 4096, 256
# How many ports of one name are told apart; what is refused on further ones is counted together.
PORTS = 64
OTHER = "other"

Failure = tuple[str, str, str]  # container, protocol, port


@dataclass(frozen=True, slots=True)
class RefusedBind:
    """bind(2) or listen(2) ended with EADDRINUSE, `times` times since it was last told, at the latest `at` (Unix time).

    `container_id` is '' for a process of the host. `netns` is the inode of the socket's network namespace, `pid` the
    last process that tried, as the host's pid namespace numbers it, `comm` its name. `protocol` is tcp, udp or sctp.
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


@dataclass(frozen=True, slots=True)
class BindFailureReport:
    """`counts` since the exporter started, by container, protocol and port; `lost` at most so many were not counted."""

    counts: Mapping[Failure, int] = field(default_factory=dict)
    lost: int = 0


class BindFailureCounts:
    """Counts that only grow, by container names; `host_netns` is the inode of the host's network namespace.

    Containers count whatever they are refused, and what docker-proxy or the engine is refused in their place. Other
    processes of the host count, under their own name, when they want a port that a container has.
    """

    def __init__(self, host_netns: int) -> None:
        self._host_netns = host_netns
        self._ids: OrderedDict[str, str] = OrderedDict()  # container id -> name
        self._counts: OrderedDict[str, Counter[tuple[str, str]]] = OrderedDict()
        self._waiting: deque[RefusedBind] = deque(maxlen=WAITING)
        self._latest: dict[str, dict[PortKey, RefusedBind]] = {}
        self._inventory = Inventory()

    def follow(self, inventory: Inventory) -> None:
        """Take an inventory: a container may be gone again before its refusal is told."""
        self._inventory = inventory
        for container in inventory.containers.values():
            self._ids[container.id] = container.name
            self._ids.move_to_end(container.id)
        while len(self._ids) > max(IDS, len(inventory.containers)):
            self._ids.popitem(last=False)
        self._latest = {key: ports for key, ports in self._latest.items() if key in inventory.containers}
        self._forget_names()

    def count(self, refused: Iterable[RefusedBind], claims: PortClaims, now: float) -> None:
        """Take what was refused since the last call, in its order; `now` is Unix time."""
        waiting, self._waiting = self._waiting, deque(maxlen=WAITING)
        for bind in (*waiting, *refused):
            name = self._owner(bind, claims)
            if name is None and now < bind.at + PATIENCE_SECONDS:
                self._waiting.append(bind)
            else:
                self._add(name if name is not None else _stranger(bind, claims), bind)
        self._forget_names()

    def counts(self) -> dict[Failure, int]:
        """Return all counts; of a container that is gone for as long as its name is remembered."""
        return {
            (name, protocol, port): number
            for name, counts in sorted(self._counts.items())
            for (protocol, port), number in sorted(counts.items())
        }

    def latest(self) -> Mapping[str, Mapping[PortKey, RefusedBind]]:
        """Return, by container id, the latest refusal of each port to a process of that container."""
        return self._latest

    def _owner(self, bind: RefusedBind, claims: PortClaims) -> str | None:
        """Return whose it was by name, '' for nobody who counts, None while that cannot be told."""
        if bind.container_id:
            return self._ids.get(bind.container_id)
        if bind.netns != self._host_netns:
            return ""
        if bind.comm in OF_DOCKER:
            wanted = claims.wanted.get((bind.protocol, bind.port), frozenset())
            return next(iter(wanted)) if len(wanted) == 1 else None
        return _stranger(bind, claims)

    def _add(self, name: str, bind: RefusedBind) -> None:
        if not name:
            return
        counts = self._counts.setdefault(name, Counter())
        self._counts.move_to_end(name)
        key = bind.protocol, str(bind.port)
        counts[key if key in counts or len(counts) < PORTS else (bind.protocol, OTHER)] += bind.times
        if bind.container_id in self._inventory.containers:
            latest = self._latest.setdefault(bind.container_id, {})
            latest.pop((bind.protocol, bind.port), None)
            latest[bind.protocol, bind.port] = bind
            if len(latest) > PORTS:
                del latest[next(iter(latest))]

    def _forget_names(self) -> None:
        if len(self._counts) > NAMES:
            present = {container.name for container in self._inventory.containers.values()}
            for name in [name for name in self._counts if name not in present][:-NAMES]:
                del self._counts[name]


def _stranger(bind: RefusedBind, claims: PortClaims) -> str:
    """Name a process of the host that wants a container's port; '' for every other one."""
    return bind.comm if not bind.container_id and (bind.protocol, bind.port) in claims.held else ""
