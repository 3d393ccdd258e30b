"""What rules look at, written down: the ordinary host, and the few words that spoil it."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from msgspec.structs import replace

from exporter.core.model.docker import Container, Interface, Inventory, Link, Member, Network
from exporter.core.model.fib import FibReading, RouteQuery, RouteResult
from exporter.core.model.kernel_sample import Devices
from exporter.core.model.routes import Route
from exporter.core.network.context import NetworkContext
from exporter.core.topology.address_use import subnet_uses
from exporter.core.topology.route_queries import ContainerRoute, container_routes
from exporter.core.topology.topology import join
from tests.support.builders import bridge, device, devices, inventory, network, run, veth

ETH0 = device("eth0", 2)
BR_FRONT = bridge("br-front", 3)
FRONT = network("front", subnet="172.18.0.0/16", gateway="172.18.0.1")
WEB_MAC, DB_MAC = "02:42:ac:12:00:02", "02:42:ac:12:00:03"
WEB = run("web", network="front", ip="172.18.0.2", mac=WEB_MAC)
DB = run("db", network="front", ip="172.18.0.3", mac=DB_MAC)
VETH_WEB = veth("veth-web", 11, master=3, nsid=1, peer=7)
VETH_DB = veth("veth-db", 13, master=3, nsid=2, peer=7)
LINKS = (ETH0, BR_FRONT, VETH_WEB, VETH_DB)
INSIDE = {1: (Interface(7, "eth0", WEB_MAC),), 2: (Interface(7, "eth0", DB_MAC),)}


def route(destination: str, ifindex: int, gateway: str = "", metric: int = 0) -> Route:
    """`ip route add DESTINATION via GATEWAY dev IFINDEX metric METRIC`."""
    return Route(ip_network(destination), ifindex, gateway, metric)


DEFAULT = route("0.0.0.0/0", 2, "192.0.2.1")
ROUTES = (DEFAULT, route("192.0.2.0/24", 2), route("172.18.0.0/16", 3))


def members(found: Inventory) -> dict[str, tuple[Member, ...]]:
    """Who is on each network, as its inspect tells."""
    return {
        network_id: tuple(
            Member(c.id, c.name, e.endpoint_id, e.mac_address, e.ip_address)
            for c in found.containers.values()
            if c.live
            for e in c.endpoints
            if e.network_id == network_id
        )
        for network_id in found.networks
    }


def host(*links: Link, inside: Mapping[int, tuple[Interface, ...]] | None = None, **more: Any) -> Devices:
    """The devices of a host whose container web is in the namespace 1, db in 2."""
    sandboxes = more.pop("sandboxes", {"web": 1, "db": 2})
    more.setdefault("addresses", {"br-front": ("172.18.0.1",)})
    return devices(*links, sandboxes=sandboxes, inside=INSIDE if inside is None else inside, **more)


def fib(lookups: Iterable[ContainerRoute]) -> FibReading:
    """The results on a host that routes as it should."""
    results: dict[RouteQuery, RouteResult] = {}
    for found in lookups:
        results[found.inbound] = results[found.local] = RouteResult("unicast", found.bridge.ifindex)
        if found.outbound:
            results[found.outbound] = RouteResult("unicast", found.uplink.ifindex)
    return FibReading(results)


def scene(
    *things: Container | Network,
    on: Devices | None = None,
    extra_members: Mapping[str, tuple[Member, ...]] | None = None,
    connected: bool = True,
    **told: Any,
) -> NetworkContext:
    """An ordinary host unless told otherwise."""
    found = inventory(*(things or (FRONT, WEB, DB)), connected=connected)
    known = members(found)
    for network_id, others in (extra_members or {}).items():
        known[network_id] = (*known.get(network_id, ()), *others)
    topology = join(replace(found, members=known), on or host(*LINKS))
    lookups = container_routes(topology)
    given = {
        "routes": ROUTES,
        "static_addresses": (),
        "addresses": subnet_uses(topology),
        "container_routes": lookups,
        "fib": fib(lookups),
        **told,
    }
    return NetworkContext(topology, **given)
