"""Addresses and routes of a real host: a default route over two devices, one of IPv6, local and refused ones."""

from typing import Any

import pytest

from exporter.kernel.links.addresses import parse_addresses, parse_uplinks, uplinks
from tests.support.kernel.captured_addresses import ETH0, ETH1, ETH2, rows


def to(destination: str | None) -> list[Any]:
    """The captured routes to a destination, None for the default ones."""
    return [row for row in rows("routes") if row.get_attr("RTA_DST") == destination]


def test_addresses_of_global_scope_are_kept_by_device_with_ipv4_first() -> None:
    found = parse_addresses(rows("addresses"))
    assert found == {ETH0: ("192.0.2.10",), ETH1: ("198.51.100.10",), ETH2: ("203.0.113.10", "2001:db8::10")}


def test_loopback_and_link_local_addresses_are_in_the_capture_and_left_out() -> None:
    everything = {row.get_attr("IFA_ADDRESS") for row in rows("addresses")}
    assert "127.0.0.1" in everything
    assert any(address.startswith("fe80:") for address in everything)


def test_uplinks_carry_a_default_route_of_either_family_over_one_or_several_devices() -> None:
    assert parse_uplinks(rows("routes")) == {ETH0, ETH1, ETH2}


def test_a_default_route_over_two_devices_is_one_of_each() -> None:
    (multipath,) = [row for row in to(None) if row["family"] == 2]
    assert multipath.get_attr("RTA_OIF") is None
    assert parse_uplinks([multipath]) == {ETH0, ETH1}


def test_a_default_route_of_ipv6_is_one_too() -> None:
    assert parse_uplinks([row for row in to(None) if row["family"] == 10]) == {ETH2}


@pytest.mark.parametrize("destination", ["192.0.2.0", "10.9.0.0", "10.8.0.0", "192.0.2.10", "2001:db8::", "ff00::"])
def test_a_route_to_a_neighbour_to_oneself_or_to_nobody_leads_nowhere_out(destination: str) -> None:
    assert to(destination)
    assert parse_uplinks(to(destination)) == frozenset()


def test_an_uplink_whose_device_is_not_known_any_more_is_left_out() -> None:
    names = {ETH0: "eth0", ETH2: "eth2"}
    assert uplinks(names, frozenset({ETH2, ETH1, ETH0})) == ("eth0", "eth2")


def test_a_host_without_addresses_and_routes_has_neither() -> None:
    assert parse_addresses([]) == {}
    assert parse_uplinks([]) == frozenset()
