"""Whether anything in a container's network namespace serves the ports that it publishes.

Not evaluated: a container that started less than a minute ago, rows of ports that are published as a reserve (passive
FTP, RTP), a namespace whose listeners are not known, and one whose own NAT rules may lead the port elsewhere (a service
mesh, a node of kind).
"""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from exporter.core.findings.finding import CONFIRMED, INFO, PROBABLE, SUSPECTED, WARNING, Finding
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.memo import IdentityMemo
from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.conflict import conflict
from exporter.core.ports.container_failures import is_recent
from exporter.core.ports.context import READ_PROTOCOLS, PortContext
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.ports.overlap import NOTHING, cover

START_SECONDS = 60.0
MAX_ROW = 4
LOOPBACK_IFINDEX = 1  # in every network namespace

UNSERVED, LOOPBACK_ONLY, WRONG_PROTOCOL = "unserved", "loopback_only", "wrong_protocol"


class Unserved(Struct, frozen=True):
    """A port that is published for nothing; `why` is the kind of the finding."""

    container: Container
    binding: PortBinding
    why: str


def unserved_ports(context: PortContext, why: str) -> Iterator[Unserved]:
    """Yield those of one kind, each port of a container once, whatever addresses it is published on."""
    return (found for found in _of_any_kind(context) if found.why == why)


def _unserved(context: PortContext) -> tuple[Unserved, ...]:
    return tuple(_each(context))


def _each(context: PortContext) -> Iterator[Unserved]:
    for container in context.containers(live=True):
        details, sockets = container.details, context.listeners_in(container)
        if details is None or not details.published or sockets is None:
            continue
        if is_recent(details.started, START_SECONDS, context.now):
            continue
        if context.is_redirected(container):
            continue
        for binding in _evaluated(details):
            if why := why_unserved(container, binding, sockets):
                yield Unserved(container, binding, why)


_of_any_kind = IdentityMemo(_unserved)  # three rules look at the same context


def lead(found: Unserved) -> str:
    """The beginning of the sentence: the host's port and its target."""
    binding = found.binding
    host, target = f"{binding.protocol}/{binding.host_port}", f"{binding.protocol}/{binding.container_port}"
    return f"{host} is published for {target} of {found.container.name}"


def report(context: PortContext, found: Unserved, detail: str) -> Finding:
    """Make the finding. It is less certain for UDP, where a server may receive on connected sockets.

    A container that never served the port, and listens on no unpublished one, may be meant so: scaled to zero, or a
    port that the image exposes and this configuration does not serve.
    """
    binding, severity, confidence = found.binding, WARNING, CONFIRMED
    if binding.protocol == "udp":
        severity, confidence = (INFO, SUSPECTED) if found.why == UNSERVED else (WARNING, PROBABLE)
    elif found.why == UNSERVED and not _is_misconfigured(context, found):
        severity = INFO
    place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
    return conflict(context, found.why, place, found.container.name, severity, detail, confidence=confidence)


def _is_misconfigured(context: PortContext, found: Unserved) -> bool:
    """Whether it served the port before, or serves nothing but ports that are not published."""
    container, binding = found.container, found.binding
    if (binding.protocol, binding.container_port) in context.served_before.get(container.id, ()):
        return True
    sockets = [s for s in context.listeners_in(container) or () if not is_loopback(s)]
    published = {(b.protocol, b.container_port) for b in (container.details or Details()).published}
    return bool(sockets) and not any((s.protocol, s.port) in published for s in sockets)


def _evaluated(details: Details) -> Iterator[PortBinding]:
    ports = {(b.protocol, b.container_port): b for b in reversed(details.published)}
    for (protocol, port), binding in sorted(ports.items()):
        if protocol in READ_PROTOCOLS and _row(ports, protocol, port) <= MAX_ROW:
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
    if any(not is_loopback(socket) for socket in serving):
        return ""
    if serving:
        return LOOPBACK_ONLY
    published = {(b.protocol, b.container_port) for b in (container.details or Details()).published}
    elsewhere = (s for s in on_port if (s.protocol, s.port) not in published and not is_loopback(s))
    return WRONG_PROTOCOL if any(elsewhere) else UNSERVED


def _reachable(container: Container, socket: ListeningSocket) -> bool:
    """Whether the socket is of a family that the container has addresses of, other than the loopback's."""
    if socket.ifindex == LOOPBACK_IFINDEX:
        return False
    ipv4, _ = cover(socket.address, v6only=socket.v6only)
    return ipv4 != NOTHING or is_loopback(socket) or any(e.ip6_address for e in container.endpoints)


def is_loopback(socket: ListeningSocket) -> bool:
    """Whether the socket is bound to an address of the loopback."""
    address = ip_address(socket.address)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
