"""What a question is about: the addresses of its target, and the ports there."""

from dataclasses import replace

from exporter.core.explain.listener_step import listened_ports, own_sockets
from exporter.core.explain.path import FAILED, LISTENER, Step
from exporter.core.explain.query import find_container
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container
from exporter.core.ports.unserved import is_loopback
from exporter.core.reach.context import HOST_MODE, ReachContext
from exporter.core.reach.names.files import parse_hosts
from exporter.core.reach.names.records import SHORT_ID, look_up, ordered_networks
from exporter.core.reach.names.resolve import Resolved, resolve
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.question import ANYWHERE, ANYWHERE_PORT, HOST, INTERNET, Question
from exporter.core.reach.view import LISTENERS

MAX_PORTS = 5


def server_of(context: ReachContext, client: Container | None, text: str) -> Container | None:
    """Return the container that a target is: of that name, else with that ID prefix.

    An ID prefix that is a name of another container for the client, or of an address, is that name.
    """
    found = find_container(context.inventory, text)
    if found is None or client is None or text == found.name:
        return found
    hosts = parse_hosts(context.visited(client).view.hosts or "").get(text.lower(), ())
    known = hosts or look_up(context, client, text).addresses
    own = {address for e in context.home(found).endpoints for address in (e.ip_address, e.ip6_address)}
    return None if known and own.isdisjoint(known) else found


def targets(context: ReachContext, client: Container, server: Container | None, question: Question) -> Resolved:
    """Return the addresses of the target: an address itself, the host's, the internet's, or those of a name.

    Where the name of a container does not resolve, the address that Docker gave it.
    """
    text = question.target
    if server is None and text == HOST:
        return Resolved(addresses=_host_addresses(context, client))
    if server is None and text == INTERNET:
        return Resolved(addresses=ANYWHERE if _has_global(context, client) else ANYWHERE[:1])
    named = server.name if server is not None and text not in (server.name, server.id[:SHORT_ID]) else text
    found = resolve(context, client, named, server)
    return replace(found, addresses=found.addresses or _by_address(context, client, server))


def _host_addresses(context: ReachContext, client: Container) -> tuple[str, ...]:
    """The gateway of the client's first network; without one an address of the host's uplinks."""
    if context.home(client).network_mode == HOST_MODE:
        return ("127.0.0.1",)
    gateways = [endpoint.gateway for _, endpoint in ordered_networks(context, client) if endpoint.gateway]
    uplinks = context.observation.topology.devices.uplinks
    found = [
        a for d in context.host.view.devices.values() if d.link.name in uplinks for a in d.addresses if ":" not in a
    ]
    return tuple((gateways or found)[:1])


def _has_global(context: ReachContext, client: Container) -> bool:
    """Whether Docker gave the client an IPv6 address, and a device has it."""
    view = context.visited(client).view
    own = [endpoint.ip6_address for endpoint in context.home(client).endpoints]
    return any(address and view.device_of(address) for address in own)


def _by_address(context: ReachContext, client: Container, server: Container | None) -> tuple[str, ...]:
    """The server's address: on a network of the client's first."""
    if server is None or not server.live:
        return ()
    mine = [network.id for network, _ in ordered_networks(context, client)]
    endpoints = sorted(context.home(server).endpoints, key=lambda e: e.network_id not in mine)
    return tuple(e.ip_address or e.ip6_address for e in endpoints if e.ip_address or e.ip6_address)[:1]


def target_container(context: ReachContext, server: Container | None, address: str) -> Container | None:
    """Return the container that is the target: by its name, else by its address; None where it is not a container."""
    owner = context.owner_of(address)
    return server or (owner[0] if owner else None)


def ports(context: ReachContext, question: Question, server: Container | None, address: str) -> list[int]:
    """Return the ports to follow: the one of the question, else those that the container listens on, or declares.

    0 is none: of a container that listens on no port, and of the host.
    """
    if question.port:
        return [question.port]
    container = target_container(context, server, address)
    if container is None:
        own = question.target == HOST or context.host.view.device_of(address) is not None
        return [0 if own else ANYWHERE_PORT]
    listeners = context.visited(container).view.listeners if container.live else ()
    open_ports = {s.port for s in listeners if s.protocol == question.protocol and not is_loopback(s)}
    exposed = (container.details or Details()).exposed
    declared = sorted(port for protocol, port in exposed if protocol == question.protocol)
    return (sorted(open_ports) or declared or [0])[:MAX_PORTS]


def no_port_step(context: ReachContext, server: Container, protocol: str) -> Step:
    """Return the step of a server that listens on no port of the protocol, as far as its sockets could be read."""
    view = context.visited(server).view
    if (why := view.missing(LISTENERS)) is not None:
        return unread_step(LISTENER, f"the listening sockets of {server.name} could not be read", why)
    detail = f"no process in {server.name} listens on a {protocol} port outside the loopback"
    return Step(LISTENER, FAILED, f"{detail}; {listened_ports(own_sockets(view.listeners))}", "not_listening")
