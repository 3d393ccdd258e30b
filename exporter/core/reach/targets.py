"""What a question is about: the addresses of its target, and the ports there."""

from collections.abc import Iterator

from msgspec.structs import replace

from exporter.core.explain.listener_step import listened_ports, own_sockets
from exporter.core.explain.path import FAILED, LISTENER, OK, Step
from exporter.core.explain.query import SHORTEST_ID, find_container
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container, Endpoint, Network
from exporter.core.ports.unserved import is_loopback
from exporter.core.reach.context import HOST_MODE, ReachContext, in_subnet
from exporter.core.reach.names.files import parse_hosts
from exporter.core.reach.names.records import SHORT_ID, look_up, ordered_networks
from exporter.core.reach.names.resolve import Resolved, resolve
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.question import ANYWHERE, ANYWHERE_PORT, HOST, INTERNET, PROTOCOLS, Question
from exporter.core.reach.view import LISTENERS

MAX_PORTS = 5
DYNAMIC_PORTS = 32768  # net.ipv4.ip_local_port_range begins here


def server_of(context: ReachContext, client: Container | None, text: str) -> Container | None:
    """Return the container that a target is: of that name, else with that ID prefix.

    What the client gets another address for is a name: an ID prefix, and the name of a container on no network of it.
    """
    found = find_container(context.inventory, text, SHORTEST_ID)
    if found is None or client is None or (text == found.name and _has_common_network(context, client, found)):
        return found
    hosts = parse_hosts(context.visited(client).view.hosts or "").get(text.lower(), ())
    known = hosts or look_up(context, client, text).addresses
    own = {address for e in context.home(found).endpoints for address in (e.ip_address, e.ip6_address)}
    return None if known and own.isdisjoint(known) else found


def _has_common_network(context: ReachContext, client: Container, server: Container) -> bool:
    mine, theirs = ({e.network_id for e in context.home(one).endpoints} for one in (client, server))
    return context.home(client) == context.home(server) or not mine.isdisjoint(theirs)


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
    if server is None and text.isdecimal() and not found.addresses:
        found = replace(found, steps=tuple(_meant_as_port(step, text) for step in found.steps))
    if server is None and (other := find_container(context.inventory, text)) is not None and other.name == text:
        found = replace(found, steps=tuple(_with_namesake(step, client, other) for step in found.steps))
    return replace(found, addresses=found.addresses or _by_address(context, client, server))


def _meant_as_port(step: Step, text: str) -> Step:
    """Say how a port is written, where a number is a name that no container has."""
    if step.code not in ("name_uncertain", "no_upstream"):
        return step
    command = f"For a port write `NAME:{text}`, or `dockernet-exporter explain {text}` for one of this host."
    return replace(step, command=command)


def _with_namesake(step: Step, client: Container, other: Container) -> Step:
    """Say that a container has the name, too."""
    detail = f"{step.detail}; container {other.name} is on no network of {client.name}"
    return replace(step, detail=detail) if step.state == OK else step


def _host_addresses(context: ReachContext, client: Container) -> tuple[str, ...]:
    """The gateway of the client's first network with a bridge, or the bridge's address; else one of the uplinks.

    The gateway of a macvlan network is a router.
    """
    if context.home(client).network_mode == HOST_MODE:
        return ("127.0.0.1",)
    networks = ordered_networks(context, client)
    gateways = [endpoint.gateway for network, endpoint in networks if endpoint.gateway and network.bridge]
    gateways += [address for network, endpoint in networks for address in _bridge_addresses(context, network, endpoint)]
    uplinks = context.observation.topology.devices.uplinks
    found = [
        a for d in context.host.view.devices.values() if d.link.name in uplinks for a in d.addresses if ":" not in a
    ]
    return tuple((gateways or found)[:1])


def _bridge_addresses(context: ReachContext, network: Network, endpoint: Endpoint) -> Iterator[str]:
    """The addresses of a network's bridge to which the client has a route: of the IP versions that it has."""
    bridge = (d for d in context.host.view.devices.values() if network.bridge and d.link.name == network.bridge)
    for address in (address for device in bridge for address in device.addresses):
        version = endpoint.ip6_address if ":" in address else endpoint.ip_address
        if version and in_subnet(network, address):
            yield address


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


def ports(context: ReachContext, question: Question, server: Container | None, address: str) -> list[tuple[str, int]]:
    """Return protocol and port to follow: of the question, else those that the container listens on, or declares.

    0 is none: of a container that listens on no port, and of the host.
    """
    if question.port:
        return [(question.protocol, question.port)]
    container = target_container(context, server, address)
    if container is None:
        own = question.target == HOST or context.host.view.device_of(address) is not None
        return [(question.protocol, 0 if own else ANYWHERE_PORT)]
    return (_services(context, container) or [(question.protocol, 0)])[:MAX_PORTS]


def _services(context: ReachContext, container: Container) -> list[tuple[str, int]]:
    """The container's TCP ports; without one those of UDP. A client's own socket of UDP has a dynamic port."""
    listeners = context.visited(container).view.listeners if container.live else ()
    found = {(s.protocol, s.port) for s in listeners if not is_loopback(s)}
    declared = set((container.details or Details()).exposed)
    tcp, udp = ({one for one in found if one[0] == protocol} for protocol in PROTOCOLS)
    tcp_declared, udp_declared = ({one for one in declared if one[0] == protocol} for protocol in PROTOCOLS)
    served = {one for one in udp if one[1] < DYNAMIC_PORTS}
    return sorted(tcp or udp & udp_declared or tcp_declared or served or udp_declared)


def no_port_step(context: ReachContext, server: Container, protocol: str) -> Step:
    """Return the step of a server that listens on no port of the protocol, as far as its sockets could be read."""
    view = context.visited(server).view
    if (why := view.missing(LISTENERS)) is not None:
        return unread_step(LISTENER, f"the listening sockets of {server.name} could not be read", why)
    detail = f"no process in {server.name} listens on a {protocol} port outside the loopback"
    return Step(LISTENER, FAILED, f"{detail}; {listened_ports(own_sockets(view.listeners))}", "not_listening")
