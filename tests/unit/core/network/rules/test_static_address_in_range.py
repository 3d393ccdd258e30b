"""Static addresses where Docker hands out others."""

from typing import Any

from msgspec.structs import replace

from exporter.core.findings.finding import Finding
from exporter.core.model.docker import Network, Subnet
from exporter.core.network.context import StaticAddress
from exporter.core.network.rules.static_address_in_range import check
from tests.support.builders import network
from tests.support.findings import network_finding
from tests.support.scenes import FRONT, scene

RANGED = replace(FRONT, subnets=(Subnet("172.18.0.0/16", ip_range="172.18.5.0/24"),))


def found(net: Network, *addresses: str) -> list[Finding]:
    static = tuple(StaticAddress("web", net.name, address) for address in addresses)
    return list(check(scene(net, static_addresses=static)))


def test_an_address_in_the_subnet_is_found_for_all_of_it_is_handed_out(sentence: Any) -> None:
    static = (StaticAddress("web", "front", "172.18.0.9"),)
    assert list(check(scene(FRONT, static_addresses=static))) == [
        network_finding(
            "static_address_in_range",
            "info",
            "front",
            "web",
            sentence,
        )
    ]


def test_only_the_range_counts_where_there_is_one() -> None:
    assert found(RANGED, "172.18.0.9") == []
    assert len(found(RANGED, "172.18.5.9")) == 1


def test_addresses_of_both_versions_are_one_finding(sentence: Any) -> None:
    both = replace(FRONT, subnets=(*FRONT.subnets, Subnet("fd00:1::/64")))
    assert found(both, "172.18.0.9", "fd00:1::9") == [
        network_finding("static_address_in_range", "info", "front", "web", sentence)
    ]


def test_what_lies_in_no_subnet_or_is_no_address_is_left_to_docker() -> None:
    assert found(FRONT, "10.0.0.9", "", "nonsense") == []


def test_a_network_that_is_gone_hands_out_nothing() -> None:
    assert list(check(scene(FRONT, static_addresses=(StaticAddress("web", "gone", "172.18.0.9"),)))) == []


def test_on_an_overlay_the_swarm_chooses_and_writes_it_down_as_if_an_operator_had() -> None:
    overlay = replace(network("ov", driver="overlay", subnet="10.77.0.0/24"), scope="swarm")
    assert found(overlay, "10.77.0.6") == []
