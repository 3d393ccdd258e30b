"""A network whose packets are too large for the way out."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Network, Subnet
from exporter.core.model.routes import Route
from exporter.core.network.rules.mtu_mismatch import check
from tests.support.builders import bridge, device, network
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, DEFAULT, host, route, scene

JUMBO = network("front", subnet="172.18.0.0/16", mtu=9000)
PLAIN = network("front", subnet="172.18.0.0/16")
ETH0, TUN = device("eth0", 2), device("tun0", 4, mtu=1420)
OVER_TUN = route("0.0.0.0/0", 4)


def found(net: Network, *routes: Route) -> list[tuple[str, str]]:
    """The network and the uplink of each finding."""
    return [
        (f.labels["network"], f.labels["subject"])
        for f in check(scene(net, on=host(ETH0, TUN, BR_FRONT), routes=routes))
    ]


def test_an_mtu_larger_than_the_uplinks_is_found(sentence: Any) -> None:
    assert list(check(scene(JUMBO, on=host(ETH0, BR_FRONT)))) == [
        network_finding(
            "mtu_mismatch",
            "warning",
            "front",
            "eth0",
            sentence,
        )
    ]


def test_a_network_without_the_option_has_1500_whatever_the_uplink_has() -> None:
    assert found(PLAIN, OVER_TUN) == [("front", "tun0")]


def test_an_mtu_that_fits_is_none() -> None:
    assert found(PLAIN, DEFAULT) == []
    assert found(replace(PLAIN, mtu=1400), OVER_TUN) == []


def test_an_internal_network_does_not_leave() -> None:
    assert found(replace(JUMBO, internal=True), DEFAULT) == []


def test_without_a_default_route_there_is_nothing_to_fit() -> None:
    assert found(JUMBO, route("192.0.2.0/24", 2)) == []


def test_the_default_route_of_the_best_metric_counts_and_not_its_stand_in() -> None:
    assert found(PLAIN, DEFAULT, route("0.0.0.0/0", 4, metric=100)) == []
    assert found(PLAIN, route("0.0.0.0/0", 2, "192.0.2.1", 100), OVER_TUN) == [("front", "tun0")]


def test_of_a_route_over_two_devices_the_narrower_counts() -> None:
    assert found(PLAIN, DEFAULT, OVER_TUN) == [("front", "tun0")]


def test_a_default_route_in_parts_goes_before_the_whole() -> None:
    halves = route("0.0.0.0/1", 4), route("128.0.0.0/1", 4)
    assert found(PLAIN, DEFAULT, *halves) == [("front", "tun0")]


@pytest.mark.parametrize(("subnets", "expected"), [(("172.18.0.0/16",), []), (("fd00:1::/64",), [("front", "tun0")])])
def test_a_way_out_for_another_ip_version_is_none(subnets: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    net = replace(PLAIN, subnets=tuple(Subnet(subnet) for subnet in subnets))
    assert found(net, DEFAULT, route("::/0", 4)) == expected


def test_a_docker_bridge_is_no_uplink_though_it_carries_the_default_route() -> None:
    vpn = network("vpn", subnet="172.19.0.0/16", mtu=1400)
    on = host(ETH0, BR_FRONT, bridge("br-vpn", 5, mtu=1400))
    assert list(check(scene(PLAIN, vpn, on=on, routes=(route("0.0.0.0/0", 5, "172.19.0.2"),)))) == []


def test_an_uplink_that_is_not_known_any_more_or_tells_no_mtu_is_left_out() -> None:
    assert found(JUMBO, route("0.0.0.0/0", 99)) == []
    assert list(check(scene(JUMBO, on=host(device("eth0", 2, mtu=0), BR_FRONT)))) == []


def test_a_network_whose_bridge_is_not_here_is_not_judged() -> None:
    assert list(check(scene(JUMBO, on=host(ETH0)))) == []
