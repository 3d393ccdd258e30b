"""A container in the host's network namespace could not bind a port, for another holds it.

Guard: applications log what others say too. A log counts only of a container that failed, and for a port that somebody
else holds and the container itself does not; without a word of the image or of its own past for the port it is
suspected, and no more than information. So is a refusal by the kernel of one that listens elsewhere and did not insist.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, INFO, SUSPECTED, Finding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import Listener
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import HOST, PortContext, is_own
from exporter.core.ports.listen_address import ListenAddress, described

KIND = "host_bind_failed"


def check(context: PortContext) -> Iterator[Finding]:
    """Report what each of them did not get."""
    for container_id, netns in context.netns.items():
        if netns == HOST:
            yield from _of_container(context, context.inventory.containers[container_id])


def _of_container(context: PortContext, container: Container) -> Iterator[Finding]:
    for claim in claims(context, container, lambda place: _holder(context, place, container) is not None):
        listener = _holder(context, claim.place, container)
        if listener is not None:
            place = claim.place if claim.place.address else claim.place._replace(address=listener.socket.address)
            severity = INFO if claim.confidence == SUSPECTED else CRITICAL
            detail = f"{container.name} cannot get {place}: held by {described(listener.owner)}"
            owner, confidence = listener.owner, claim.confidence
            yield conflict(context, KIND, place, container.name, severity, detail, holder=owner, confidence=confidence)


def _holder(context: PortContext, place: ListenAddress, container: Container) -> Listener | None:
    """Return who holds a port that the container has no socket on."""
    listeners = context.overlapping(place)
    if any(is_own(listener.owner, container) for listener in listeners):
        return None
    return min(listeners, key=lambda listener: not listener.owner.told, default=None)
