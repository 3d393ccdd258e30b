"""The host's end of a path: whether Docker has the port in effect, and which socket holds it."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from exporter.core.explain.code import words_of
from exporter.core.explain.down import how_down, start_command
from exporter.core.explain.path import FAILED, HOST, LISTENER, OK, PUBLISHED, UNKNOWN, Step
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.sockets import DOCKER_PROXY, Listener, PortKey
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.conflict import is_about
from exporter.core.ports.context import READ_PROTOCOLS, PortContext, is_docker_proxy, is_own
from exporter.core.ports.listen_address import EVERY_ADDRESS, ListenAddress, described
from exporter.core.ports.published import is_inside_rootless
from exporter.core.ports.rules import publish_ineffective, published_unheld
from exporter.core.ports.unserved import is_loopback

PAUSED = "paused"  # of a container's state
SOCKETS_UNREAD = "the host's listening sockets could not be read"
ELSEWHERE = "this is not the network namespace of the engine's bridges"
ROOTLESS_ELSEWHERE = "the engine is rootless: its bridges and rules are in a network namespace of its user"
ROOTLESS_HERE = "the engine is rootless: whether its process on the host passes the port on is not visible from here"


def published_step(context: PortContext, container: Container, binding: PortBinding) -> Step:
    """Say whether Docker has the port in effect, and why not."""
    place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
    target = f"{binding.protocol}/{binding.container_port} of {container.name}"
    details, words = container.details or Details(), words_of(context.inventory.engine)
    if not container.live:
        detail = f"{place} would lead to {target}, which is {how_down(container)}"
        return Step(PUBLISHED, FAILED, detail, "container_down", start_command(words, container))
    if binding not in details.published:
        ineffective = (one for one in publish_ineffective.check(context) if is_about(one, place, container.name))
        detail = next((one.detail for one in ineffective), f"{place} should lead to {target} and is not in effect")
        return Step(PUBLISHED, FAILED, detail, "not_published")
    if container.state == PAUSED:
        detail = f"{place} is published for {target}, which is paused"
        return paused_step(context.inventory, container, detail)
    if not binding.host_port:
        return Step(PUBLISHED, OK, f"{target} is reached at its own address: its network is routed to")
    return Step(PUBLISHED, OK, f"{place} is published for {target}")


def paused_step(inventory: Inventory, container: Container, detail: str) -> Step:
    """Return the step of a paused container, whose namespace another one may serve."""
    if not shared_by_running(inventory, container):
        return Step(PUBLISHED, FAILED, detail, "container_paused")
    detail = f"{detail}; whether one that shares its network namespace answers is not known"
    return Step(PUBLISHED, UNKNOWN, detail, "container_paused")


def shared_by_running(inventory: Inventory, container: Container) -> bool:
    """Whether a container that runs, and is not paused, uses the network namespace of another one."""
    others = inventory.containers.values()
    return any(one.network_owner == container.id and one.live and one.state != PAUSED for one in others)


def host_step(
    context: PortContext, container: Container, place: ListenAddress, stopped: frozenset[PortKey] = frozenset()
) -> Step:
    """Return the step of a published port of the host; `stopped` are the ports of stopped docker-proxies."""
    if (unknown := cannot_tell(context, place)) is not None:
        return unknown
    found = context.overlapping(place)
    own = [
        one for one in found if is_own(one.owner, container) or (not one.owner.name and not one.owner.foreign_target)
    ]
    dockers = next((listener for listener in own if is_docker_proxy(listener.owner)), None)
    if dockers is not None:
        if dockers.owner.kind == DOCKER_PROXY and place.port_key in stopped:
            return _stopped(context, container, place)
        return Step(HOST, OK, f"{place} is held by {described(dockers.owner)}")
    return _unheld(context, container, place, found)


def _unheld(context: PortContext, container: Container, place: ListenAddress, found: Sequence[Listener]) -> Step:
    """Say what listens on the port in the place of docker-proxy: `found`, which may be empty."""
    if found:
        holder = found[0].owner
        detail = f"{place} is held by {described(holder)}, not by {container.name}'s docker-proxy"
        if not holder.known:
            return Step(HOST, UNKNOWN, detail, "sockets_unknown")
        return _without_proxy(context, container, place, detail, "port_held")
    for unheld in published_unheld.check(context):
        if is_about(unheld, place, container.name):
            return _without_proxy(context, container, place, unheld.detail, "not_held")
    return Step(HOST, OK, f"{place} needs no listener: the engine holds IPv4's")


def _without_proxy(context: PortContext, container: Container, place: ListenAddress, detail: str, code: str) -> Step:
    """No docker-proxy serves the port: clients outside need a DNAT rule, and the host's own loopback has none."""
    translated = _is_translated(context, container, place)
    if translated is None:
        return Step(HOST, UNKNOWN, f"{detail}, and whether a DNAT rule is present is unknown", code)
    if translated:
        what = "a DNAT rule sends clients from outside to the container, connections to the loopback do not reach it"
        return Step(HOST, UNKNOWN, f"{detail}; {what}", code)
    return Step(HOST, FAILED, detail, code)


def _stopped(context: PortContext, container: Container, place: ListenAddress) -> Step:
    """A stopped docker-proxy serves nothing: the port needs a DNAT rule."""
    detail = f"the docker-proxy of {container.name} that holds {place} is stopped"
    translated = _is_translated(context, container, place)
    if translated is None:
        return Step(HOST, UNKNOWN, f"{detail}, and whether a DNAT rule is present is unknown", "proxy_stopped")
    if translated:
        return Step(HOST, OK, f"{detail}: a DNAT rule sends clients from outside to the container")
    return Step(HOST, FAILED, f"{detail}, and no DNAT rule replaces it", "proxy_stopped")


def _is_translated(context: PortContext, container: Container, place: ListenAddress) -> bool | None:
    """Whether a DNAT rule sends clients of the port to the container; None where the rules are not known."""
    if context.readings.redirects is None:
        return None
    family = ip_address(place.address or EVERY_ADDRESS).version
    rules = (one for one in context.readings.redirects if one.target.container_id == container.id)
    return any(_takes(one, place, family) for one in rules)


def _takes(rule: Redirect, place: ListenAddress, family: int) -> bool:
    ports = range(rule.host_port, (rule.last_host_port or rule.host_port) + 1)
    return (rule.family, rule.protocol) == (family, place.protocol) and place.port in ports


def cannot_tell(context: PortContext, place: ListenAddress) -> Step | None:
    """Return the step of a port whose holder is not known; None where it is."""
    if context.readings.sockets is None:
        return Step(HOST, UNKNOWN, SOCKETS_UNREAD, "sockets_unknown")
    if not context.host_netns_visible:
        engine = context.inventory.engine
        if engine is not None and engine.elsewhere:
            return Step(HOST, UNKNOWN, ROOTLESS_ELSEWHERE, "rootless_engine")
        return Step(HOST, UNKNOWN, ELSEWHERE, "sockets_unknown")
    if place.protocol not in READ_PROTOCOLS:
        return Step(HOST, UNKNOWN, f"sockets of {place.protocol} are not read", "sockets_unknown")
    return None


def outside_steps(context: PortContext) -> Iterator[Step]:
    """Yield what is between the host and the network namespace of a rootless engine, seen from that namespace."""
    if is_inside_rootless(context):
        yield Step(HOST, UNKNOWN, ROOTLESS_HERE, "rootless_engine")


def alone_on_loopback(context: PortContext, listener: Listener) -> Iterator[Step]:
    """Yield the step of a port that is served on the host's loopback alone."""
    socket = listener.socket
    others = context.listeners.get((socket.protocol, socket.port), ())
    if not all(is_loopback(one.socket) for one in others):
        return
    place = ListenAddress(socket.protocol, socket.address, socket.port)
    detail = (
        f"{described(listener.owner)} listens on {place} only: connections of the host reach it, clients outside do not"
    )
    yield Step(LISTENER, UNKNOWN, detail, "loopback_only")
