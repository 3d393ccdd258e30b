"""A network's subnet covers, or lies in, a route of the host that is not its own.

Either the host sends packets for containers elsewhere, or containers cannot reach the machines behind that route.
Guard: routes over Docker's own bridges are its own, a default route (also one in parts, as of a VPN) covers everything
by design, macvlan and ipvlan share their parent's subnet on purpose, and every IPv6 device has a link-local route. A
wider route by a gateway or a VPN, such as one for all private addresses, takes nothing from the subnet, nor does one to
the same subnet with a worse metric than the bridge's, such as one that a neighbour announces: severity info. So it is
with a part of the prefix of an IPv6 network, as for proxies of neighbour discovery: other hosts there hardly ever have
an address in it.
"""

from collections.abc import Iterator, Mapping

from exporter.core.findings.finding import INFO, WARNING, Finding
from exporter.core.model.docker import Link, Network
from exporter.core.model.routes import Route, Span
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.subnets import parse_subnet
from exporter.core.topology.topology import Topology

KIND = "subnet_overlap"
IPV6 = 6
TUNNELS = frozenset({"tun", "wireguard", "ppp", "ipip", "gre", "sit", "ip6tnl", "ip6gre", "vti", "vti6", "xfrm"})
MAC_LENGTH = 17
NAMED = 3  # routes in the detail; a subnet can hold thousands


def check(context: NetworkContext) -> Iterator[Finding]:
    """Compare each subnet with each foreign route."""
    bridges = {bridge.link.ifindex for bridge in context.topology.bridges}
    own = {route.destination: route.metric for route in context.routes or () if route.ifindex in bridges}
    foreign = [
        route
        for route in context.routes or ()
        if not (route.default or route.ifindex in bridges or route.destination.is_link_local)
    ]
    for network in _networks(context.topology) if foreign else ():
        for subnet in network.subnets:
            span = parse_subnet(subnet.subnet)
            over = [r for r in foreign if span is not None and r.destination.overlaps(span)]
            if over:
                detail = f"subnet {subnet.subnet} of network {network.name} overlaps {_named(context.topology, over)}"
                links = context.topology.devices.links
                collides = any(_takes(r, span, own, links.get(r.ifindex)) for r in over if span)
                yield finding(KIND, WARNING if collides else INFO, network.name, subnet.subnet, detail)


def _takes(route: Route, span: Span, own: Mapping[Span, int], link: Link | None) -> bool:
    """Whether a foreign route takes packets for the subnet, or the subnet those for devices on that route's link."""
    if route.destination == span and route.metric > own.get(span, route.metric):
        return False
    wider = route.destination.prefixlen < span.prefixlen
    return not wider or not (route.gateway or span.version == IPV6 or _has_no_neighbours(link))


def _has_no_neighbours(link: Link | None) -> bool:
    """Whether a device is a tunnel without a link layer, as of a VPN: a tap has MAC addresses."""
    return link is not None and link.kind in TUNNELS and len(link.mac_address) != MAC_LENGTH


def _networks(topology: Topology) -> list[Network]:
    """Those with an address range of their own; a bridge network only once its device is there."""
    overlays = [n for n in topology.inventory.networks.values() if n.driver == "overlay"]
    return [bridge.network for bridge in topology.bridges] + sorted(overlays, key=lambda network: network.name)


def _named(topology: Topology, routes: list[Route]) -> str:
    links = topology.devices.links
    names = [
        f"the route to {route.destination} over {links[route.ifindex].name if route.ifindex in links else '?'}"
        for route in routes[:NAMED]
    ]
    more = [f"{len(routes) - NAMED} more"] if len(routes) > NAMED else []
    return ", ".join(names + more)
