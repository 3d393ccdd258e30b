"""A container in the host's network namespace could not bind a port, for another holds it.

Guard: applications log what others say too. A log counts only of a container that failed, and for a port that somebody
else holds and the container itself does not; without a word of the image or of its own past for the port it is
suspected, and no more than information. So is a refusal by the kernel of one that listens elsewhere and did not insist.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, INFO, SUSPECTED
from exporter.core.model.docker import Container
from exporter.core.model.sockets import Listener
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.conflict import Place, PortConflict, conflict, described
from exporter.core.ports.context import HOST, PortScene, is_own

KIND = "host_bind_failed"


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report what each of them did not get."""
    for container_id, space in scene.spaces.items():
        if space == HOST:
            yield from _of_container(scene, scene.inventory.containers[container_id])


def _of_container(scene: PortScene, container: Container) -> Iterator[PortConflict]:
    for claim in claims(scene, container, lambda place: _holder(scene, place, container) is not None):
        listener = _holder(scene, claim.place, container)
        if listener is not None:
            place = claim.place if claim.place.address else claim.place._replace(address=listener.socket.address)
            severity = INFO if claim.confidence == SUSPECTED else CRITICAL
            detail = f"{container.name} cannot get {place}: held by {described(listener.owner)}"
            yield conflict(
                KIND, place, container.name, severity, detail, holder=listener.owner, confidence=claim.confidence
            )


def _holder(scene: PortScene, place: Place, container: Container) -> Listener | None:
    """Return who holds a port that the container has no socket on."""
    listeners = scene.overlapping(place)
    if any(is_own(listener.owner, container) for listener in listeners):
        return None
    return min(listeners, key=lambda listener: not listener.owner.told, default=None)
