"""Two stopped containers that both start when the engine does publish one port: one of them will not start.

Guard: only `always`; a container with `unless-stopped` stays down if it was stopped by hand, which the engine does not
report.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.service import is_task, same_service
from exporter.core.model.sockets import CONTAINER, ListeningSocket, Owner, PortKey
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext, wanted_socket
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.ports.overlap import overlaps

KIND = "latent_pair"
ALWAYS = "always"

Claim = tuple[Container, ListeningSocket]


def check(context: PortContext) -> Iterator[Finding]:
    """Report each container once for each port, with the first other that publishes it."""
    claims: dict[PortKey, list[Claim]] = {}
    for container, binding in _claims(context):
        place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
        socket, others = wanted_socket(place), claims.setdefault(place.port_key, [])
        rivals = (other for other, theirs in others if overlaps(socket, theirs) and not _is_same(other, container))
        rival = next(rivals, None)
        others.append((container, socket))
        if rival is not None:
            detail = f"{container.name} and {rival.name} both start with the engine, and both publish {place}"
            holder = Owner(CONTAINER, rival.name, rival.id)
            yield conflict(context, KIND, place, container.name, WARNING, detail, holder=holder)


def _is_same(one: Container, other: Container) -> bool:
    """Whether they are one container or replicas of one service, of which a scheduler starts as many as fit."""
    return one.id == other.id or same_service(one, other)


def _claims(context: PortContext) -> Iterator[tuple[Container, PortBinding]]:
    """Yield the fixed ports of those that start by themselves, in an order that does not change."""
    for container in sorted(context.containers(live=False), key=lambda container: (container.name, container.id)):
        if container.details is not None and container.details.restart_policy == ALWAYS and not is_task(container):
            for binding in dict.fromkeys(container.details.bindings):
                if binding.host_port and binding.host_port == binding.last_host_port:
                    yield container, binding
