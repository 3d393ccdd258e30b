"""The two ends of the way: who holds the port of the host, and who listens inside the container."""

from exporter.core.explain.path import FAILED, HOST, LISTENER, OK, PUBLISHED, UNKNOWN, Step
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.conflict import is_about
from exporter.core.ports.context import READ_PROTOCOLS, PortContext, is_docker_proxy, is_own
from exporter.core.ports.listen_address import ListenAddress, described
from exporter.core.ports.rules import publish_ineffective, published_unheld
from exporter.core.ports.unserved import LOOPBACK_ONLY, WRONG_PROTOCOL, why_unserved

OTHER = {"tcp": "udp", "udp": "tcp"}
MOST_NAMED = 5  # ports that a sentence names
SOCKETS_UNREAD = "the host's listening sockets could not be read"
ELSEWHERE = "this is not the network namespace of Docker's bridges"


def published_step(context: PortContext, container: Container, binding: PortBinding) -> Step:
    """Say whether Docker has the port in effect, and why not."""
    place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
    target = f"{binding.protocol}/{binding.container_port} of {container.name}"
    details = container.details or Details()
    if not container.live:
        how = f", with exit code {details.exit_code}" if details.exit_code else ""
        why = f": {details.error}" if details.error else ""
        detail = f"{place} would lead to {target}, which is {container.state}{how}{why}"
        return Step(PUBLISHED, FAILED, detail, "container_down")
    if binding not in details.published:
        ineffective = (one for one in publish_ineffective.check(context) if is_about(one, place, container.name))
        detail = next((one.detail for one in ineffective), f"{place} should lead to {target} and is not in effect")
        return Step(PUBLISHED, FAILED, detail, "not_published")
    if container.state == "paused":
        return Step(PUBLISHED, FAILED, f"{place} is published for {target}, which is paused", "container_paused")
    if not binding.host_port:
        return Step(PUBLISHED, OK, f"{target} is reached at its own address: its network is routed to")
    return Step(PUBLISHED, OK, f"{place} is published for {target}")


def host_step(context: PortContext, container: Container, place: ListenAddress) -> Step:
    """Say who holds a published port on the host."""
    if (unknown := cannot_tell(context, place)) is not None:
        return unknown
    found = context.overlapping(place)
    own = [listener for listener in found if is_own(listener.owner, container) or not listener.owner.name]
    dockers = next((listener for listener in own if is_docker_proxy(listener.owner)), None)
    if dockers is not None:
        return Step(HOST, OK, f"{place} is held by {described(dockers.owner)}")
    if found:
        holder = found[0].owner
        state, code = (FAILED, "port_held") if holder.told else (UNKNOWN, "sockets_unknown")
        detail = f"{place} is held by {described(holder)}, not by {container.name}'s docker-proxy"
        return Step(HOST, state, detail, code)
    for unheld in published_unheld.check(context):
        if is_about(unheld, place, container.name):
            return Step(HOST, FAILED, unheld.detail, "not_held")
    return Step(HOST, OK, f"{place} needs no listener: the engine holds IPv4's")


def cannot_tell(context: PortContext, place: ListenAddress) -> Step | None:
    """Return why it cannot be told who holds a port; None when it can."""
    if context.readings.sockets is None:
        return Step(HOST, UNKNOWN, SOCKETS_UNREAD, "sockets_unknown")
    if not context.host_netns_visible:
        return Step(HOST, UNKNOWN, ELSEWHERE, "sockets_unknown")
    if place.protocol not in READ_PROTOCOLS:
        return Step(HOST, UNKNOWN, f"sockets of {place.protocol} are not read", "sockets_unknown")
    return None


def listener_step(context: PortContext, container: Container, binding: PortBinding) -> Step:
    """Say who listens where the port leads to."""
    name, target = container.name, f"{binding.protocol}/{binding.container_port}"
    sockets = context.listeners_in(container)
    if sockets is None or binding.protocol not in READ_PROTOCOLS:
        return Step(LISTENER, UNKNOWN, f"who listens inside {name} could not be read", "sockets_unknown")
    why = why_unserved(container, binding, sockets)
    if not why:
        found = [s for s in sockets if (s.protocol, s.port) == (binding.protocol, binding.container_port)]
        return Step(LISTENER, OK, f"{target} is listened on inside {name}, at {_at(found)}")
    if why == LOOPBACK_ONLY:
        return Step(LISTENER, FAILED, f"{target} is listened on inside {name} on its loopback alone", "loopback_only")
    if why == WRONG_PROTOCOL:
        other = f"{OTHER[binding.protocol]}/{binding.container_port}"
        detail = f"nothing listens on {target} inside {name}, which serves {other} instead"
        return Step(LISTENER, FAILED, detail, "wrong_protocol")
    detail = f"nothing listens on {target} inside {name}, {_instead(sockets)}"
    return Step(LISTENER, FAILED, detail, "not_listening")


def _at(sockets: list[ListeningSocket]) -> str:
    return ", ".join(sorted({socket.address for socket in sockets}))


def _instead(sockets: tuple[ListeningSocket, ...]) -> str:
    ports = sorted({(s.protocol, s.port) for s in sockets})
    named = ", ".join(f"{protocol}/{port}" for protocol, port in ports[:MOST_NAMED])
    if not ports:
        return "nor on any other port"
    return f"which listens on {named}{' and others' if len(ports) > MOST_NAMED else ''}"
