"""The addresses and ports that a question stands for."""

from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container
from exporter.core.ports.unserved import is_loopback
from exporter.core.reach.context import HOST_MODE, ReachContext
from exporter.core.reach.names.records import ordered_networks
from exporter.core.reach.names.resolve import Resolved, resolve
from exporter.core.reach.question import ANYWHERE, ANYWHERE_PORT, HOST, INTERNET, Question

MAX_PORTS = 5
SHORT_ID = 12  # of the ID, which the engine's DNS server has as a name


def resolved(context: ReachContext, client: Container, question: Question, server: Container | None) -> Resolved:
    """Return the addresses of the target: an address itself, the host's, the internet's, or those of a name."""
    text = question.target
    if server is not None:
        named = text if text in (server.name, server.id[:SHORT_ID]) else server.name
        return resolve(context, client, named, server)
    if text == HOST:
        return Resolved(addresses=_addresses_of_host(context, client))
    if text == INTERNET:
        six = any(endpoint.ip6_address for endpoint in context.home(client).endpoints)
        return Resolved(addresses=ANYWHERE if six else ANYWHERE[:1])
    return resolve(context, client, text, None)


def _addresses_of_host(context: ReachContext, client: Container) -> tuple[str, ...]:
    """The gateway of the client's default route, else an address of an uplink."""
    if context.home(client).network_mode == HOST_MODE:
        return ("127.0.0.1",)
    gateways = [endpoint.gateway for _, endpoint in ordered_networks(context, client) if endpoint.gateway]
    uplinks = context.observation.topology.devices.uplinks
    found = (device.addresses for device in context.host.view.devices.values() if device.link.name in uplinks)
    own = [address for addresses in found for address in addresses if ":" not in address]
    return tuple((gateways or own)[:1])


def known_addresses(context: ReachContext, client: Container, server: Container | None) -> tuple[str, ...]:
    """Return the server's address, on a network of the client's first: for a name that does not resolve."""
    if server is None or not server.live:
        return ()
    mine = [network.id for network, _ in ordered_networks(context, client)]
    endpoints = sorted(context.home(server).endpoints, key=lambda endpoint: endpoint.network_id not in mine)
    return tuple(e.ip_address or e.ip6_address for e in endpoints if e.ip_address or e.ip6_address)[:1]


def ports(context: ReachContext, question: Question, server: Container | None) -> list[int]:
    """Return the ports to follow: that of the question, else those that the server listens on, or declares.

    0 stands for no port.
    """
    if question.port:
        return [question.port]
    if server is None:
        return [0 if question.target == HOST else ANYWHERE_PORT]
    listeners = context.visited(server).view.listeners if server.live else ()
    own = {s.port for s in listeners if s.protocol == question.protocol and not is_loopback(s)}
    declared = [port for protocol, port in (server.details or Details()).exposed if protocol == question.protocol]
    return (sorted(own) or declared or [0])[:MAX_PORTS]
