"""Bridges that are gone, down, or without their gateway's address."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, EndpointNames
from exporter.core.model.docker import BridgeOptions, Container, Link, Member, Network, Subnet
from exporter.core.network.rules.bridge_down import check
from tests.support.builders import bridge, network, stop
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, DB, ETH0, FRONT, VETH_DB, VETH_WEB, WEB, host, scene

GATEWAY, GATEWAY6 = "172.18.0.1", "fd00:18::1"
DUAL = replace(FRONT, ipv6=True, subnets=(*FRONT.subnets, Subnet("fd00:18::/64", GATEWAY6)))
INTERNAL = replace(FRONT, internal=True)
ISOLATED = replace(INTERNAL, options=BridgeOptions(gateway_mode4="isolated"))
INHIBITED = replace(FRONT, options=BridgeOptions(inhibit_ipv4=True))
DOWN = replace(BR_FRONT, up=False)


def found(
    net: Network, *addresses: str, link: Link | None = BR_FRONT, containers: tuple[Container, ...] = (WEB, DB)
) -> list[Any]:
    """What is found of a network whose bridge has these addresses."""
    links = [ETH0, VETH_WEB, VETH_DB, *([link] if link else []), bridge("br-other", 30)]
    on = host(*links, addresses={"br-front": addresses})
    return list(check(scene(net, network("other"), *containers, on=on)))


@pytest.mark.parametrize(
    ("net", "addresses"),
    [
        (FRONT, (GATEWAY,)),
        (FRONT, (GATEWAY, "192.0.2.1")),
        (DUAL, (GATEWAY, GATEWAY6)),
        (replace(DUAL, ipv6=False), (GATEWAY,)),
        (INTERNAL, (GATEWAY,)),
        (ISOLATED, ()),
        (INHIBITED, ()),
        (replace(DUAL, options=BridgeOptions(gateway_mode6="isolated")), (GATEWAY,)),
        (replace(FRONT, subnets=(Subnet("172.18.0.0/16"),)), ()),
        (replace(DUAL, subnets=(Subnet("fe80::/64", "fe80::1"),)), ()),
    ],
    ids=[
        *("one family", "more addresses", "both families", "IPv6 off", "internal", "isolated", "inhibit_ipv4"),
        *("isolated from IPv6", "a gateway that the engine does not name", "link scope"),
    ],
)
def test_an_ordinary_network_shows_nothing(net: Network, addresses: tuple[str, ...]) -> None:
    assert found(net, *addresses) == []


def test_the_gateway_that_the_engine_chose_for_ipv6_is_known_from_an_endpoint() -> None:
    """Where none was configured the network does not list it."""
    chosen = replace(DUAL, subnets=(*FRONT.subnets, Subnet("fd00:18::/64")))
    names = (EndpointNames(chosen.id, gateway6=GATEWAY6), EndpointNames("other-net", gateway6="fd00:19::1"))
    web = replace(WEB, details=Details(endpoints=names))
    assert found(chosen, GATEWAY, GATEWAY6, containers=(web, DB)) == []
    [lost] = found(chosen, GATEWAY, containers=(web, DB))
    assert lost.detail.endswith(f"lacks the gateway address {GATEWAY6}")


def test_what_one_ip_version_lacks_is_no_fault_of_the_other() -> None:
    at = scene(DUAL, WEB, DB, on=host(ETH0, VETH_WEB, VETH_DB, BR_FRONT, addresses={"br-front": (GATEWAY,)}))
    assert [len(list(check(at, versions))) for versions in ((4,), (6,), (4, 6))] == [0, 1, 1]


@pytest.mark.parametrize(
    ("net", "addresses", "link"),
    [
        (FRONT, (GATEWAY,), None),
        (FRONT, (GATEWAY,), DOWN),
        (FRONT, (), BR_FRONT),
        (FRONT, ("172.18.0.2",), BR_FRONT),
        (INTERNAL, (), BR_FRONT),
        (DUAL, (GATEWAY,), BR_FRONT),
        (DUAL, (GATEWAY6,), BR_FRONT),
        (replace(DUAL, options=BridgeOptions(inhibit_ipv4=True)), (), BR_FRONT),
    ],
    ids=["absent", "down", "no address", "another address", "internal", "no IPv6", "no IPv4", "inhibit_ipv4, no IPv6"],
)
def test_a_bridge_that_does_not_serve_its_network_is_found(
    net: Network, addresses: tuple[str, ...], link: Link | None, sentence: Any
) -> None:
    assert found(net, *addresses, link=link) == [
        network_finding("bridge_down", "critical", "front", "br-front", sentence)
    ]


def test_a_network_without_a_running_endpoint_needs_no_bridge() -> None:
    assert found(FRONT, link=None, containers=()) == []
    assert found(FRONT, link=None, containers=(stop(WEB),)) == []


def test_a_member_counts_that_the_container_does_not_list() -> None:
    gateway = network("docker_gwbridge", bridge="docker_gwbridge", subnet="172.20.0.0/16", gateway="172.20.0.1")
    own = {"docker_gwbridge-net": (Member("web-id", "gateway_1", "e1"),)}
    on = host(ETH0, BR_FRONT, bridge("docker_gwbridge", 8), addresses={"br-front": (GATEWAY,)})
    assert [one.labels["subject"] for one in check(scene(FRONT, gateway, WEB, on=on, extra_members=own))] == [
        "docker_gwbridge"
    ]
    assert list(check(scene(FRONT, gateway, WEB, on=on))) == []


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan", "overlay"])
def test_a_network_of_another_driver_has_no_bridge(driver: str) -> None:
    assert found(replace(network("front", driver=driver), subnets=FRONT.subnets), link=None) == []


def told_by_its_endpoint(gateway: str) -> tuple[Container, ...]:
    """A container whose endpoint has this gateway."""
    return (replace(WEB, endpoints=tuple(replace(endpoint, gateway=gateway) for endpoint in WEB.endpoints)),)


def test_a_gateway_that_the_engine_chose_is_that_of_the_endpoints() -> None:
    unnamed = replace(FRONT, subnets=(Subnet("172.18.0.0/16"),))
    assert found(unnamed, GATEWAY, containers=told_by_its_endpoint(GATEWAY)) == []
    [lacking] = found(unnamed, containers=told_by_its_endpoint(GATEWAY))
    assert GATEWAY in lacking.detail


def test_a_router_that_is_the_default_gateway_need_not_be_the_bridge() -> None:
    routed = replace(FRONT, subnets=(Subnet("172.18.0.0/16", GATEWAY, auxiliary=("172.18.0.254",)),))
    assert found(routed, GATEWAY, containers=told_by_its_endpoint("172.18.0.254")) == []
