"""Which ports are worth asking the kernel about: a bind failed, and no listener explains it."""

from collections.abc import Iterator

from exporter.core.model.sockets import CONNECTION
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.conflict import NOBODY, Place
from exporter.core.ports.context import HOST, Port, PortScene
from exporter.core.ports.failed_starts import failed_starts
from exporter.core.ports.start_error import IN_USE


def questions(scene: PortScene) -> frozenset[Port]:
    """Return them; none while the host's listeners are not known."""
    if not scene.here or scene.readings.sockets is None:
        return frozenset()
    return frozenset(place.on_any_address for place in _unexplained(scene) if place.protocol and place.port)


def _unexplained(scene: PortScene) -> Iterator[Place]:
    for start in failed_starts(scene):
        if start.reason == IN_USE and (start.holder == NOBODY or start.holder.kind == CONNECTION):
            yield start.place
    for container_id, space in scene.spaces.items():
        if space == HOST:
            container = scene.inventory.containers[container_id]
            if not claims(scene, container, lambda place: bool(scene.overlapping(place))):
                yield from (claim.place for claim in claims(scene, container, lambda _: True))
