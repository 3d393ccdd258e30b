"""Two listeners of different owners share a port: the kernel splits connections between them, or prefers one of them.

Guard: workers of one owner share on purpose, and so do all programs on the ports of multicast discovery and of DHCP;
listeners of unknown owners may have the same one; replicas of one service are one owner.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.service import same_service
from exporter.core.model.sockets import Listener, Owner
from exporter.core.ports.conflict import conflict, of_holder
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import ListenAddress, described
from exporter.core.ports.overlap import overlaps
from exporter.core.ports.owner_identity import SHARED_ON_PURPOSE, containers_first, same_owner

KIND = "reuseport_shared"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each pair of owners once for each port."""
    for port, listeners in context.listeners.items():
        if len(listeners) > 1 and port not in SHARED_ON_PURPOSE:
            for (first, second), place in _pairs(listeners).items():
                if _is_one_service(context, first, second):
                    continue
                both = f"{described(first)} and {described(second)}"
                detail = f"{both} both listen on {place}: the kernel chooses between them"
                yield of_holder(conflict(context, KIND, place, first.name, WARNING, detail, holder=second))


def _pairs(listeners: Iterable[Listener]) -> dict[tuple[Owner, Owner], ListenAddress]:
    """Return the owners that share, and where; of several sockets of one owner on one address one is enough."""
    distinct = {(one.owner, one.socket.address, one.socket.v6only, one.socket.ifindex): one for one in listeners}
    found: dict[tuple[Owner, Owner], ListenAddress] = {}
    for one, other in combinations(distinct.values(), 2):
        if overlaps(one.socket, other.socket) and not same_owner(one.owner, other.owner):
            pair = containers_first(one.owner, other.owner)
            mine = one if one.owner == pair[0] else other
            found.setdefault(pair, ListenAddress(mine.socket.protocol, mine.socket.address, mine.socket.port))
    return found


def _is_one_service(context: PortContext, one: Owner, other: Owner) -> bool:
    containers = context.inventory.containers
    first, second = containers.get(one.container_id), containers.get(other.container_id)
    return first is not None and second is not None and same_service(first, second)
