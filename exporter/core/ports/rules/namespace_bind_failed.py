"""A container that shares another's network namespace could not bind a port that another of the sharers holds.

Guard: as for the host's namespace. The listeners of that namespace are read, and none is the container's own: a stopped
container has none, and the cgroup of a refused bind identifies those of a running one.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, SUSPECTED, WARNING, Finding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import CONTAINER, ListeningSocket, Owner
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import HOST, PortContext, wanted_socket
from exporter.core.ports.listen_address import UNKNOWN_OWNER, ListenAddress, described
from exporter.core.ports.overlap import overlaps

KIND = "namespace_bind_failed"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each refused port of each container."""
    for container_id, netns in context.netns.items():
        container = context.inventory.containers[container_id]
        refused = context.readings.refused.get(container_id, {})
        listeners = context.listeners_in(container) if netns != HOST else None
        if listeners and (refused or not container.live):
            own = frozenset(refusal.cgroup_id for refusal in refused.values())
            yield from _of_container(context, container, listeners, own)


def _of_container(
    context: PortContext, container: Container, listeners: tuple[ListeningSocket, ...], own: frozenset[int]
) -> Iterator[Finding]:
    for claim in claims(context, container, lambda place: _address(place, listeners, own) != ""):
        place = claim.place._replace(address=claim.place.address or _address(claim.place, listeners, own))
        holder = _other(context, container)
        severity = INFO if claim.confidence == SUSPECTED else WARNING
        held = f"held by {described(holder)}" if holder != UNKNOWN_OWNER else "another container holds it"
        detail = f"{container.name} cannot bind {place} in the network namespace that it shares: {held}"
        yield conflict(
            context, KIND, place, container.name, severity, detail, holder=holder, confidence=claim.confidence
        )


def _address(place: ListenAddress, listeners: tuple[ListeningSocket, ...], own: frozenset[int]) -> str:
    """The address of the conflicting listener; '' when there is none, or when the container itself listens."""
    wanted = wanted_socket(place)
    found = [socket for socket in listeners if overlaps(socket, wanted)]
    return found[0].address if found and not any(socket.cgroup_id in own for socket in found) else ""


def _other(context: PortContext, container: Container) -> Owner:
    """Return the only other live container in its namespace; UNKNOWN_OWNER when there are several."""
    netns = context.netns_of(container)
    others = [
        other
        for other in context.inventory.containers.values()
        if other.live and other.id != container.id and context.netns_of(other) == netns
    ]
    return Owner(CONTAINER, others[0].name, others[0].id) if len(others) == 1 else UNKNOWN_OWNER
