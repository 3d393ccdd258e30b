"""Routes of a real host, captured, and of a namespace where each odd sort is made."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from exporter.core.model.routes import Route
from exporter.kernel.links.addresses import read_addresses
from exporter.kernel.links.routes import parse_routes
from tests.support.kernel.own_namespace import ip
from tests.unit.kernel.links.test_addresses import ETH0, ETH1, ETH2, rows


def way(destination: str, ifindex: int, gateway: str = "", metric: int = 0) -> Route:
    return Route(ip_network(destination), ifindex, gateway, metric)


def test_routes_of_the_main_table_are_told_with_device_gateway_and_metric() -> None:
    found = [route for route in parse_routes(rows("routes")) if not route.destination.is_link_local]
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
    destinations = {row.get_attr("RTA_DST") for row in rows("routes")}
    assert {"10.8.0.0", "192.0.2.10", "ff00::"} <= destinations
    shown = {str(route.destination.network_address) for route in parse_routes(rows("routes"))}
    assert shown.isdisjoint({"10.8.0.0", "192.0.2.10", "ff00::"})


@pytest.mark.live
@pytest.mark.usefixtures("namespace")
def test_only_routes_that_lead_somewhere_now_are_told() -> None:
    ip("link add va type veth peer name vb")
    for device in ("va", "vb"):
        ip(f"link set {device} up")
    Path("/proc/sys/net/ipv6/conf/va/disable_ipv6").write_text("0")
    ip("address add 192.0.2.10/24 dev va")
    ip("route add 10.1.0.0/16 via 192.0.2.1 metric 50")
    ip("route add 10.2.0.0/16 via 192.0.2.1 table 100")
    ip("route add blackhole 10.3.0.0/16")
    ip("route add unreachable 10.4.0.0/16")
    ip("route add 10.5.0.0/16 via inet6 fe80::1 dev va")
    ip("route add 10.6.0.0/16 nexthop via 192.0.2.1 nexthop via 192.0.2.2")
    _, dumped = read_addresses()
    found = {(str(r.destination), r.gateway, r.metric) for r in parse_routes(dumped) if r.destination.version == 4}
    assert found == {
        ("192.0.2.0/24", "", 0),
        ("10.1.0.0/16", "192.0.2.1", 50),
        ("10.5.0.0/16", "fe80::1", 0),
        ("10.6.0.0/16", "192.0.2.1", 0),
        ("10.6.0.0/16", "192.0.2.2", 0),
    }


def test_a_host_without_routes_has_none() -> None:
    assert parse_routes([]) == ()
