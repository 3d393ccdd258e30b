"""Two stopped containers that both start when the engine does publish one port: one of them will not start.

Guard: only `always`; of one with `unless-stopped` nobody tells whether it was stopped by hand, and then it stays down.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import CONTAINER, ListeningSocket, Owner
from exporter.core.ports.conflict import Place, PortConflict, conflict
from exporter.core.ports.context import Port, PortScene, wanted_socket
from exporter.core.ports.overlap import overlaps

KIND = "latent_pair"
ALWAYS = "always"

Claim = tuple[Container, ListeningSocket]


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report each container once for each port, with the first of the others that wants it."""
    claims: dict[Port, list[Claim]] = {}
    for container, binding in _claims(scene):
        place = Place(binding.protocol, binding.host_ip, binding.host_port)
        socket, others = wanted_socket(place), claims.setdefault(place.on_any_address, [])
        rival = next((other for other, theirs in others if other.id != container.id and overlaps(socket, theirs)), None)
        others.append((container, socket))
        if rival is not None:
            detail = f"{container.name} and {rival.name} both start with the engine, and both publish {place}"
            holder = Owner(CONTAINER, rival.name, rival.id)
            yield conflict(KIND, place, container.name, WARNING, detail, holder=holder)


def _claims(scene: PortScene) -> Iterator[tuple[Container, PortBinding]]:
    """Yield the fixed ports of those that start by themselves, in an order that does not change."""
    for container in sorted(scene.containers(live=False), key=lambda container: (container.name, container.id)):
        if container.details is not None and container.details.restart_policy == ALWAYS:
            for binding in dict.fromkeys(container.details.bindings):
                if binding.host_port and binding.host_port == binding.last_host_port:
                    yield container, binding
