"""A container in the host's network namespace could not bind a port that another owner holds.

Guard: applications also log errors of others. A log counts only for a container that failed, and for a port that
another owner holds and the container does not; a port that neither the image declares nor the container held before is
suspected, with severity info. So is a bind refused by the kernel to a container that listens elsewhere and did not
retry. A standby, which waits for a port held by another container of its service or image, is a warning.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, INFO, SUSPECTED, WARNING, Finding
from exporter.core.model.docker import Container
from exporter.core.model.service import same_service
from exporter.core.model.sockets import Listener
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import HOST, PortContext, is_own
from exporter.core.ports.listen_address import ListenAddress, described

KIND = "host_bind_failed"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each refused port of each container."""
    for container_id, netns in context.netns.items():
        if netns == HOST:
            yield from _of_container(context, context.inventory.containers[container_id])


def _of_container(context: PortContext, container: Container) -> Iterator[Finding]:
    for claim in claims(context, container, lambda place: _holder(context, place, container) is not None):
        listener = _holder(context, claim.place, container)
        if listener is not None:
            place = claim.place if claim.place.address else claim.place._replace(address=listener.socket.address)
            standby = WARNING if _is_standby(context, container, listener) else CRITICAL
            severity = INFO if claim.confidence == SUSPECTED else standby
            detail = f"{container.name} cannot bind {place}: held by {described(listener.owner)}"
            owner, confidence = listener.owner, claim.confidence
            yield conflict(context, KIND, place, container.name, severity, detail, holder=owner, confidence=confidence)


def _is_standby(context: PortContext, container: Container, listener: Listener) -> bool:
    active = context.inventory.containers.get(listener.owner.container_id)
    return active is not None and (same_service(container, active) or container.image == active.image)


def _holder(context: PortContext, place: ListenAddress, container: Container) -> Listener | None:
    """The listener that holds the port; None when the container has a socket on it, or nothing has."""
    listeners = context.overlapping(place)
    if any(is_own(listener.owner, container) for listener in listeners):
        return None
    return min(listeners, key=lambda listener: not listener.owner.known, default=None)
