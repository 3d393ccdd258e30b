"""A container in another's network namespace could not bind a port, for one of those that share it listens there.

Guard: as for the host's namespace. The listeners of that namespace are read, and none of them is the container's own:
one that is down has none, and of one that lives the kernel's refusal tells which would be.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, SUSPECTED, WARNING
from exporter.core.model.docker import Container
from exporter.core.model.sockets import CONTAINER, ListeningSocket, Owner
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.conflict import NOBODY, Place, PortConflict, conflict, described
from exporter.core.ports.context import HOST, PortScene, wanted_socket
from exporter.core.ports.overlap import overlaps

KIND = "namespace_bind_failed"


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report what each of them did not get."""
    for container_id, space in scene.spaces.items():
        container = scene.inventory.containers[container_id]
        refused = scene.readings.refused.get(container_id, {})
        listeners = scene.inside(container) if space != HOST else None
        if listeners and (refused or not container.live):
            own = frozenset(refusal.cgroup_id for refusal in refused.values())
            yield from _of_container(scene, container, listeners, own)


def _of_container(
    scene: PortScene, container: Container, listeners: tuple[ListeningSocket, ...], own: frozenset[int]
) -> Iterator[PortConflict]:
    for claim in claims(scene, container, lambda place: _address(place, listeners, own) != ""):
        place = claim.place._replace(address=claim.place.address or _address(claim.place, listeners, own))
        holder = _other(scene, container)
        severity = INFO if claim.confidence == SUSPECTED else WARNING
        held = f"held by {described(holder)}" if holder != NOBODY else "another container holds it"
        detail = f"{container.name} cannot get {place} in the network namespace that it shares: {held}"
        yield conflict(KIND, place, container.name, severity, detail, holder=holder, confidence=claim.confidence)


def _address(place: Place, listeners: tuple[ListeningSocket, ...], own: frozenset[int]) -> str:
    """Return where another listens that stands in the way; '' when nobody does, or the container does itself."""
    wanted = wanted_socket(place)
    found = [socket for socket in listeners if overlaps(socket, wanted)]
    return found[0].address if found and not any(socket.cgroup_id in own for socket in found) else ""


def _other(scene: PortScene, container: Container) -> Owner:
    """Return the only other live container in its namespace; NOBODY when there are several."""
    space = scene.space(container)
    others = [
        other
        for other in scene.inventory.containers.values()
        if other.live and other.id != container.id and scene.space(other) == space
    ]
    return Owner(CONTAINER, others[0].name, others[0].id) if len(others) == 1 else NOBODY
