"""Endpoints that are cut off."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Interface, Link
from exporter.core.network.context import NetworkContext
from exporter.core.network.rules.detached_veth import check
from tests.support.builders import bridge, connect, network, stop, veth
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, DB, ETH0, FRONT, INSIDE, VETH_DB, VETH_WEB, WEB, host, scene

DOWN = replace(VETH_WEB, carrier=False)
LOOSE = replace(VETH_WEB, master_ifindex=0)


def with_web_at(*links: Link, **more: Any) -> NetworkContext:
    inside = more.pop("inside", None)
    return scene(FRONT, WEB, DB, on=host(ETH0, BR_FRONT, VETH_DB, *links, inside=inside), **more)


def found(seen: NetworkContext) -> list[str]:
    return [finding.labels["subject"] for finding in check(seen)]


def test_a_veth_that_is_down_is_found(sentence: Any) -> None:
    assert list(check(with_web_at(DOWN))) == [network_finding("detached_veth", "critical", "front", "web", sentence)]


def test_a_veth_that_is_a_port_of_nothing_is_found_by_the_mac_address_of_its_other_end(sentence: Any) -> None:
    assert list(check(with_web_at(LOOSE))) == [
        network_finding(
            "detached_veth",
            "critical",
            "front",
            "web",
            sentence,
        )
    ]


def test_where_nothing_is_seen_inside_it_is_the_only_one_that_it_can_be() -> None:
    another = replace(LOOSE, ifindex=12, name="veth-more")
    assert found(with_web_at(LOOSE, inside={})) == ["web"]
    assert found(with_web_at(LOOSE, another, inside={})) == []


def test_a_container_that_ended_has_nothing_to_be_cut_off_from() -> None:
    assert found(scene(FRONT, stop(WEB), DB, on=host(BR_FRONT, VETH_DB, DOWN))) == []


def test_an_endpoint_whose_veth_is_not_known_is_not_judged() -> None:
    assert found(with_web_at()) == []
    assert found(scene(FRONT, WEB, on=host(BR_FRONT, LOOSE, sandboxes={}))) == []


LO = Interface(1, "lo", "00:00:00:00:00:00")


@pytest.mark.parametrize("inside", [(LO,), (LO, Interface(8, "wg0", "02:42:ac:12:00:77"))])
def test_a_namespace_without_the_endpoints_device_has_lost_it(inside: tuple[Interface, ...], sentence: Any) -> None:
    assert list(check(with_web_at(inside={**INSIDE, 1: inside}))) == [
        network_finding("detached_veth", "critical", "front", "web", sentence)
    ]


def test_a_device_that_may_be_the_endpoints_is_not_called_deleted() -> None:
    by_names_alone = (Interface(1, "lo"), Interface(7, "eth0"))
    assert found(with_web_at(inside={**INSIDE, 1: by_names_alone})) == []
    assert found(with_web_at(inside={2: INSIDE[2]})) == []  # not read
    led_elsewhere = veth("veth-own", 30, nsid=1, peer=8)
    assert (
        found(with_web_at(led_elsewhere, inside={**INSIDE, 1: (LO, Interface(8, "eth0", "02:00:00:00:00:01"))})) == []
    )
    moved_by_the_container = veth("veth-web", 11, master=3, nsid=40, peer=7)
    assert found(with_web_at(moved_by_the_container, inside={**INSIDE, 1: (LO,)})) == []


def test_a_veth_that_somebody_else_put_into_the_container_is_not_the_endpoints() -> None:
    foreign = veth("veth-foreign", 30, nsid=1, peer=8)
    assert found(with_web_at(VETH_WEB, foreign)) == []
    assert found(with_web_at(foreign)) == []


def test_a_veth_without_a_bridge_that_is_not_in_a_container_is_none_of_ours() -> None:
    assert found(with_web_at(VETH_WEB, veth("veth-ns", 30, nsid=40, peer=2), veth("veth-here", 31, peer=32))) == []


def test_one_that_was_made_a_port_of_another_bridge_is_somebodys_will() -> None:
    moved = replace(VETH_WEB, master_ifindex=30)
    assert found(with_web_at(bridge("br0", 30), moved)) == []


def test_one_on_the_bridge_of_another_network_is_found(sentence: Any) -> None:
    other, moved = network("other", subnet="172.19.0.0/16"), replace(VETH_WEB, master_ifindex=30)
    links = (ETH0, BR_FRONT, VETH_DB, bridge("br-other", 30))
    assert list(check(scene(FRONT, other, WEB, DB, on=host(*links, moved)))) == [
        network_finding("detached_veth", "critical", "front", "web", sentence)
    ]
    foreign = replace(moved, peer_ifindex=8)
    assert found(scene(FRONT, other, WEB, DB, on=host(*links, foreign))) == []
    assert found(scene(FRONT, other, WEB, DB, on=host(*links, foreign, inside={}))) == []


def test_an_endpoint_of_another_driver_has_no_veth_to_lose() -> None:
    lan = network("lan", driver="macvlan", subnet="192.0.2.0/24")
    assert found(scene(FRONT, lan, connect(WEB, "lan", ip="192.0.2.9"), DB, on=host(BR_FRONT, VETH_WEB, VETH_DB))) == []


def test_a_network_whose_bridge_is_not_here_is_not_judged() -> None:
    assert found(scene(FRONT, WEB, on=host(ETH0, LOOSE))) == []


def test_a_gateway_endpoint_that_docker_does_not_list_under_the_container_is_left_alone() -> None:
    gateway = network("docker_gwbridge", bridge="docker_gwbridge", subnet="172.20.0.0/16")
    on = host(
        BR_FRONT, bridge("docker_gwbridge", 8), VETH_WEB, VETH_DB, replace(VETH_WEB, ifindex=15, master_ifindex=8)
    )
    assert found(scene(FRONT, gateway, WEB, DB, on=on)) == []
