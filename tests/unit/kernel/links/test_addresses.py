"""Addresses and routes of a real host: a default route over two devices, one of IPv6, local and refused ones."""

import pytest

from exporter.kernel.links.addresses import IFA_ADDRESS, IFADDRMSG, parse_addresses, parse_uplinks, uplinks
from exporter.kernel.links.routes import RouteRow
from exporter.kernel.netlink.messages import address, attributes
from tests.support.kernel.captured_addresses import ETH0, ETH1, ETH2, RTM_NEWADDR, addresses, bodies, routes


def to(destination: str) -> list[RouteRow]:
    """The captured routes to a destination."""
    return [row for row in routes() if str(row.destination) == destination]


def test_addresses_of_global_scope_are_kept_by_device_with_ipv4_first() -> None:
    found = parse_addresses(addresses())
    assert found == {ETH0: ("192.0.2.10",), ETH1: ("198.51.100.10",), ETH2: ("203.0.113.10", "2001:db8::10")}


def test_loopback_and_link_local_addresses_are_in_the_capture_and_left_out() -> None:
    everything = {str(address(_attributes(body)[IFA_ADDRESS])) for body in bodies("addresses", RTM_NEWADDR)}
    assert "127.0.0.1" in everything
    assert any(one.startswith("fe80:") for one in everything)


def _attributes(body: tuple[bytes, int, int]) -> dict[int, bytes]:
    return attributes(body[0], body[1] + IFADDRMSG.size, body[2])


def test_uplinks_carry_a_default_route_of_either_family_over_one_or_several_devices() -> None:
    assert parse_uplinks(routes()) == {ETH0, ETH1, ETH2}


def test_a_default_route_over_two_devices_is_one_of_each() -> None:
    (multipath,) = to("0.0.0.0/0")
    assert [hop.ifindex for hop in multipath.hops] == [ETH0, ETH1]
    assert parse_uplinks([multipath]) == {ETH0, ETH1}


def test_a_default_route_of_ipv6_is_one_too() -> None:
    assert parse_uplinks(to("::/0")) == {ETH2}


@pytest.mark.parametrize("destination", ["192.0.2.0/24", "10.9.0.0/16", "2001:db8::/64"])
def test_a_route_to_a_neighbour_leads_nowhere_out(destination: str) -> None:
    assert to(destination)
    assert parse_uplinks(to(destination)) == frozenset()


@pytest.mark.parametrize("destination", ["10.8.0.0/16", "192.0.2.10/32", "ff00::/8"])
def test_a_route_to_oneself_or_to_nobody_is_none(destination: str) -> None:
    assert to(destination) == []


def test_an_uplink_whose_device_is_not_known_any_more_is_left_out() -> None:
    names = {ETH0: "eth0", ETH2: "eth2"}
    assert uplinks(names, frozenset({ETH2, ETH1, ETH0})) == ("eth0", "eth2")


def test_a_host_without_addresses_and_routes_has_neither() -> None:
    assert parse_addresses([]) == {}
    assert parse_uplinks([]) == frozenset()
