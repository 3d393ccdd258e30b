"""A bind failed, nobody listens there, and an outgoing connection has that port as its own.

Guard: asked only then; a connection in TIME_WAIT ends by itself; one of another address does not stand in the way.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CONFIRMED, INFO, SUSPECTED, WARNING
from exporter.core.model.sockets import CONNECTION, Owner
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.conflict import Place, PortConflict, conflict, described
from exporter.core.ports.context import HOST, PortScene
from exporter.core.ports.failed_starts import failed_starts
from exporter.core.ports.outgoing_connections import outgoing

KIND = "ephemeral_holder"


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report each failed start, and each failed bind in the host's namespace, that a connection explains."""
    for start in failed_starts(scene):
        if start.holder.kind == CONNECTION:
            yield _report(start.container.name, start.place, start.holder, CONFIRMED)
    for container_id, space in scene.spaces.items() if scene.readings.bound else ():
        container = scene.inventory.containers[container_id]
        for claim in claims(scene, container, lambda place: _holder(scene, place) is not None) if space == HOST else ():
            if (holder := _holder(scene, claim.place)) is not None:
                yield _report(container.name, claim.place, holder, claim.confidence)


def _holder(scene: PortScene, place: Place) -> Owner | None:
    return None if scene.overlapping(place) else outgoing(scene, place)


def _report(name: str, place: Place, holder: Owner, confidence: str) -> PortConflict:
    severity = INFO if confidence == SUSPECTED else WARNING
    detail = f"{name} cannot get {place}: {described(holder)} has it as its own port"
    return conflict(KIND, place, name, severity, detail, holder=holder, confidence=confidence)
