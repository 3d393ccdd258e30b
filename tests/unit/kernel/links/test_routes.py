"""Routes of a real host, captured."""

from ipaddress import ip_network

from exporter.core.model.routes import Route
from exporter.kernel.links.fib import RTA_DST, RTMSG
from exporter.kernel.links.routes import parse_routes
from exporter.kernel.netlink.messages import address, attributes
from tests.support.kernel.captured_addresses import ETH0, ETH1, ETH2, RTM_NEWROUTE, bodies, routes


def way(destination: str, ifindex: int, gateway: str = "", metric: int = 0) -> Route:
    return Route(ip_network(destination), ifindex, gateway, metric)


def test_routes_of_the_main_table_are_told_with_device_gateway_and_metric() -> None:
    found = [route for route in parse_routes(routes()) if not route.destination.is_link_local]
    assert found == [
        way("0.0.0.0/0", ETH0, "192.0.2.1"),
        way("0.0.0.0/0", ETH1, "198.51.100.1"),
        way("10.9.0.0/16", ETH2),
        way("192.0.2.0/24", ETH0),
        way("198.51.100.0/24", ETH1),
        way("203.0.113.0/24", ETH2),
        way("2001:db8::/64", ETH2, metric=256),
        way("::/0", ETH2, "2001:db8::1", 1024),
    ]


def test_local_addresses_broadcasts_multicast_and_refusals_are_in_the_capture_and_left_out() -> None:
    destinations = {str(address(found[RTA_DST])) for found in map(_attributes, bodies("routes", RTM_NEWROUTE)) if found}
    assert {"10.8.0.0", "192.0.2.10", "ff00::"} <= destinations
    shown = {str(route.destination.network_address) for route in parse_routes(routes())}
    assert shown.isdisjoint({"10.8.0.0", "192.0.2.10", "ff00::"})


def _attributes(body: tuple[bytes, int, int]) -> dict[int, bytes]:
    return attributes(body[0], body[1] + RTMSG.size, body[2], frozenset({RTA_DST}))


def test_a_host_without_routes_has_none() -> None:
    assert parse_routes([]) == ()
