"""Two ways to one address."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Link
from exporter.core.model.routes import Route
from exporter.core.network.rules.subnet_overlap import check
from tests.support.builders import bridge, network
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, ETH0, FRONT, LINKS, ROUTES, host, route, scene


def found(*more: Route) -> list[str]:
    return [finding.labels["subject"] for finding in check(scene(FRONT, routes=(*ROUTES, *more)))]


def test_a_route_inside_of_the_subnet_is_found(sentence: Any) -> None:
    assert list(check(scene(FRONT, routes=(*ROUTES, route("172.18.7.0/24", 2, "192.0.2.1"))))) == [
        network_finding(
            "subnet_overlap",
            "warning",
            "front",
            "172.18.0.0/16",
            sentence,
        )
    ]


def test_a_route_that_the_subnet_lies_in_is_found() -> None:
    assert found(route("172.16.0.0/12", 2, "192.0.2.1")) == ["172.18.0.0/16"]


@pytest.mark.parametrize(("metric", "severity"), [(20, "info"), (0, "warning")])
def test_a_route_to_the_same_subnet_takes_nothing_with_a_worse_metric(metric: int, severity: str) -> None:
    announced = replace(route("172.18.0.0/16", 2, "192.0.2.1"), metric=metric)
    own = route("172.18.0.0/16", 3)
    [overlap] = check(scene(FRONT, routes=(*ROUTES, own, announced)))
    assert overlap.severity == severity


def test_a_subnet_is_told_once_however_many_routes_it_covers(sentence: Any) -> None:
    (finding,) = check(scene(FRONT, routes=[route(f"172.18.{n}.0/24", 99) for n in range(5)]))
    assert (finding.labels["subject"], finding.detail) == ("172.18.0.0/16", sentence)


@pytest.mark.parametrize(
    "harmless",
    [
        route("172.18.0.9/32", 3),  # over its own bridge
        route("0.0.0.0/1", 2),  # a VPN's default route, in parts
        route("128.0.0.0/1", 2),
        route("172.19.0.0/16", 2),
        route("fe80::/64", 2),
        route("fd00:1::/64", 2),
        route("10.0.0.0/8", 2),
    ],
    ids=str,
)
def test_other_routes_are_no_overlap(harmless: Route) -> None:
    assert found(harmless) == []


def test_a_route_over_another_docker_bridge_is_docker_s_own() -> None:
    back = network("back", subnet="172.19.0.0/16")
    on = host(ETH0, BR_FRONT, bridge("br-back", 4))
    assert list(check(scene(FRONT, back, on=on, routes=(route("172.18.9.0/24", 4, "172.19.0.2"),)))) == []


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_a_network_shares_its_parents_subnet_on_purpose(driver: str) -> None:
    lan = network("lan", driver=driver, subnet="192.0.2.0/24")
    assert list(check(scene(FRONT, lan))) == []


def test_an_overlay_hides_a_subnet_of_the_host_from_its_containers() -> None:
    ingress = replace(network("ingress", driver="overlay", subnet="192.0.2.0/25"), scope="swarm")
    assert [f.labels["network"] for f in check(scene(FRONT, ingress))] == ["ingress"]


def test_a_network_whose_bridge_is_gone_is_not_judged() -> None:
    """Its subnet may belong to the next network already, whose bridge carries the route."""
    assert list(check(scene(FRONT, on=host(ETH0, bridge("br-new", 9)), routes=(route("172.18.0.0/16", 9),)))) == []


def test_link_local_and_nonsense_subnets_overlap_nothing() -> None:
    odd = network("front", subnet="whatever a plugin says")
    assert list(check(scene(odd))) == []
    assert list(check(scene(network("front", subnet="fe80::/64"), routes=(route("fe80::/64", 2),)))) == []


def test_a_wider_route_by_a_router_is_information_and_a_connected_or_narrower_one_is_not() -> None:
    def severities(*routes: Route) -> list[str]:
        return [found.severity for found in check(scene(routes=(*ROUTES, *routes)))]

    router = route("172.16.0.0/12", 2, "192.0.2.1")
    assert severities(router) == ["info"]
    assert severities(route("172.16.0.0/12", 2)) == ["warning"]
    assert severities(router, route("172.18.5.0/24", 2, "192.0.2.1")) == ["warning"]


@pytest.mark.parametrize(
    ("link", "severity"),
    [
        (Link(9, "wg0", "wireguard"), "info"),
        (Link(9, "tun0", "tun"), "info"),
        (Link(9, "tap0", "tun", mac_address="02:00:00:00:00:09"), "warning"),
        (Link(9, "eth1"), "warning"),
    ],
)
def test_a_wider_route_into_a_tunnel_takes_nothing(link: Link, severity: str) -> None:
    on = host(*LINKS, link)
    assert [one.severity for one in check(scene(on=on, routes=(*ROUTES, route("172.16.0.0/12", 9))))] == [severity]
    assert [one.severity for one in check(scene(on=on, routes=(*ROUTES, route("172.18.5.0/24", 9))))] == ["warning"]


def test_a_part_of_the_prefix_of_an_ipv6_network_is_information() -> None:
    part = network("front", subnet="2001:db8:0:0:d::/80")
    assert [one.severity for one in check(scene(part, routes=(*ROUTES, route("2001:db8::/64", 2))))] == ["info"]
    assert [one.severity for one in check(scene(part, routes=(*ROUTES, route("2001:db8:0:0:d::/96", 2))))] == [
        "warning"
    ]
