"""Whether anything in a container's network namespace serves the ports that it publishes.

Not judged: a container that is younger than a slow start takes, rows of ports that are published in case one of them is
needed (passive FTP, RTP), and a namespace whose listeners are not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from exporter.core.findings.finding import CONFIRMED, INFO, PROBABLE, SUSPECTED, WARNING, Finding
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import READ_PROTOCOLS, PortContext
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.ports.overlap import NOTHING, cover

SLOW_START = 60.0
LONGEST_ROW = 4

UNSERVED, LOOPBACK_ONLY, WRONG_PROTOCOL = "unserved", "loopback_only", "wrong_protocol"


@dataclass(frozen=True, slots=True)
class Unserved:
    """A port that is published for nothing; `why` is the kind of the finding."""

    container: Container
    binding: PortBinding
    why: str


def unserved_ports(context: PortContext, why: str) -> Iterator[Unserved]:
    """Yield those of one kind, each port of a container once, whatever addresses it is published on."""
    for container in context.containers(live=True):
        details, sockets = container.details, context.listeners_in(container)
        if details is None or not details.published or sockets is None or context.now < serving_deadline(container):
            continue
        for binding in _judged(details):
            if why_unserved(container, binding, sockets) == why:
                yield Unserved(container, binding, why)


def serving_deadline(container: Container) -> float:
    """When the container has had the time to start (Unix time)."""
    return container.details.started + SLOW_START if container.live and container.details else 0.0


def lead(found: Unserved) -> str:
    """Begin the sentence: where the host's port leads."""
    binding = found.binding
    host, target = f"{binding.protocol}/{binding.host_port}", f"{binding.protocol}/{binding.container_port}"
    return f"{host} leads to {target} of {found.container.name}"


def report(context: PortContext, found: Unserved, detail: str) -> Finding:
    """Make the finding. On UDP a server may answer through sockets that do not look like one: that is less certain."""
    binding, severity, confidence = found.binding, WARNING, CONFIRMED
    if binding.protocol == "udp":
        severity, confidence = (INFO, SUSPECTED) if found.why == UNSERVED else (WARNING, PROBABLE)
    place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
    return conflict(context, found.why, place, found.container.name, severity, detail, confidence=confidence)


def _judged(details: Details) -> Iterator[PortBinding]:
    ports = {(b.protocol, b.container_port): b for b in reversed(details.published)}
    for (protocol, port), binding in sorted(ports.items()):
        if protocol in READ_PROTOCOLS and _row(ports, protocol, port) <= LONGEST_ROW:
            yield binding


def _row(ports: dict[tuple[str, int], PortBinding], protocol: str, port: int) -> int:
    """How many ports are published in a row with this one."""
    first = last = port
    while (protocol, first - 1) in ports:
        first -= 1
    while (protocol, last + 1) in ports:
        last += 1
    return last - first + 1


def why_unserved(container: Container, binding: PortBinding, sockets: tuple[ListeningSocket, ...]) -> str:
    """Return the kind of the finding; '' for a port that is served."""
    on_port = [socket for socket in sockets if socket.port == binding.container_port and _reachable(container, socket)]
    serving = [socket for socket in on_port if socket.protocol == binding.protocol]
    if any(not _is_loopback(socket) for socket in serving):
        return ""
    if serving:
        return LOOPBACK_ONLY
    published = {(b.protocol, b.container_port) for b in (container.details or Details()).published}
    elsewhere = (s for s in on_port if (s.protocol, s.port) not in published and not _is_loopback(s))
    return WRONG_PROTOCOL if any(elsewhere) else UNSERVED


def _reachable(container: Container, socket: ListeningSocket) -> bool:
    """Whether the socket is of a family that the container has addresses of, beside the loopback's."""
    ipv4, _ = cover(socket.address, v6only=socket.v6only)
    return ipv4 != NOTHING or _is_loopback(socket) or any(e.ip6_address for e in container.endpoints)


def _is_loopback(socket: ListeningSocket) -> bool:
    address = ip_address(socket.address)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
