"""Route lookups that show whether packets reach containers and leave them: one each way for every address and uplink.

An outside client is represented by the uplink's gateway, or by another address of the uplink's subnet.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from exporter.core.model.docker import Container, Link, Network
from exporter.core.model.fib import RouteQuery
from exporter.core.topology.topology import Attachment, Topology

BRIDGE_DRIVER = "bridge"


class ContainerRoute(Struct, frozen=True):
    """How the host routes one address of a container: `inbound` from an uplink, `outbound` to it.

    `outbound` is None for a network that is internal. `local` is the lookup of the host's own packets to the address.
    """

    container: Container
    network: Network
    bridge: Link
    uplink: Link
    address: str
    inbound: RouteQuery
    outbound: RouteQuery | None
    local: RouteQuery


def container_routes(topology: Topology) -> tuple[ContainerRoute, ...]:
    """Return the lookups of all endpoints on bridge networks whose device is on this host."""
    clients = {
        (link.ifindex, version): client
        for link in topology.uplinks
        for version in (4, 6)
        if (client := outside_client(topology, link, version))
    }
    bridges = {bridge.network.id: bridge.link for bridge in topology.bridges}
    return tuple(
        route
        for attachment in topology.attachments
        if attachment.network.driver == BRIDGE_DRIVER and attachment.network.id in bridges
        for route in _routes(topology, attachment, bridges[attachment.network.id], clients)
    )


def _routes(
    topology: Topology, attachment: Attachment, bridge: Link, clients: dict[tuple[int, int], str]
) -> Iterator[ContainerRoute]:
    endpoint, network = attachment.endpoint, attachment.network
    if endpoint is None or not attachment.container.live:
        return
    for address in (endpoint.ip_address, endpoint.ip6_address):
        for uplink in topology.uplinks if address else ():
            client = clients.get((uplink.ifindex, 6 if ":" in address else 4))
            if client and uplink.ifindex != bridge.ifindex:
                outbound = None if network.internal else RouteQuery(client, address, bridge.ifindex)
                inbound = RouteQuery(address, client, uplink.ifindex)
                local = RouteQuery(address)
                yield ContainerRoute(attachment.container, network, bridge, uplink, address, inbound, outbound, local)


def outside_client(topology: Topology, uplink: Link, version: int) -> str:
    """Return an address beyond an uplink: a gateway there, or one of its subnet; '' where it has none."""
    routes = [
        route
        for route in topology.devices.routes or ()
        if route.ifindex == uplink.ifindex and route.destination.version == version
    ]
    gateways = [route.gateway for route in routes if route.gateway and not _is_link_local(route.gateway)]
    if gateways:
        return gateways[0]
    own = set(topology.devices.addresses.get(uplink.name, ()))
    for route in routes:
        if not route.gateway and not route.default and not route.destination.is_link_local:
            return next((str(host) for host in route.destination.hosts() if str(host) not in own), "")
    return ""


def _is_link_local(address: str) -> bool:
    return ip_address(address).is_link_local


def queries(routes: tuple[ContainerRoute, ...]) -> frozenset[RouteQuery]:
    """Return all their lookups."""
    return frozenset(
        query for route in routes for query in (route.inbound, route.outbound, route.local) if query is not None
    )
