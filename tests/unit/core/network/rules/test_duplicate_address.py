"""Two that answer to one address."""

from typing import Any

from msgspec.structs import replace

from exporter.core.model.docker import Container, Interface
from exporter.core.network.context import StaticAddress
from exporter.core.network.rules.duplicate_address import check
from tests.support.builders import network, run, stop
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, DB, FRONT, LINKS, VETH_WEB, WEB, WEB_MAC, host, scene

TWIN = run("db", network="front", ip="172.18.0.3", mac=WEB_MAC)


def found(*containers: Container, static: tuple[StaticAddress, ...] = ()) -> list[str]:
    return [f.labels["subject"] for f in check(scene(FRONT, *containers, static_addresses=static))]


def static(container: str, address: str, net: str = "front") -> StaticAddress:
    return StaticAddress(container, net, address)


def test_two_live_endpoints_with_one_mac_address_are_found(sentence: Any) -> None:
    assert list(check(scene(FRONT, WEB, TWIN))) == [
        network_finding("duplicate_address", "critical", "front", WEB_MAC, sentence)
    ]


def test_endpoints_of_another_life_are_another_condition() -> None:
    """What is known of a container that restarts may be of its last life."""
    again = replace(TWIN, endpoints=(replace(TWIN.endpoints[0], endpoint_id="of another life"),))
    (first,), (second,) = (check(scene(FRONT, WEB, twin)) for twin in (TWIN, again))
    assert first == second
    assert first.key != second.key


def test_two_live_endpoints_with_one_ip_address_are_found() -> None:
    assert found(WEB, run("db", network="front", ip="172.18.0.2", mac="02:00:00:00:00:09")) == ["172.18.0.2"]


def test_an_endpoint_whose_veth_is_gone_is_one_of_the_dead() -> None:
    """Docker told its end a moment later, or never: engines keep old addresses."""
    assert list(check(scene(FRONT, WEB, TWIN, on=host(BR_FRONT, VETH_WEB)))) == []
    assert found(WEB, stop(TWIN)) == []


def test_the_same_address_on_two_networks_is_none() -> None:
    other = run("db", network="back", ip="172.18.0.2", mac=WEB_MAC)
    back = replace(network("back"), bridge="br-front")
    assert list(check(scene(FRONT, back, WEB, other))) == []


def test_endpoints_without_addresses_have_none_in_common() -> None:
    assert found(run("web", network="front"), run("db", network="front")) == []


def test_endpoints_of_an_ipvlan_share_their_parents_mac_address() -> None:
    inside = {n: (Interface(7, "eth0", WEB_MAC),) for n in (1, 2)}
    for driver, expected in (("ipvlan", []), ("macvlan", [WEB_MAC])):
        lan = network("front", driver=driver)
        assert [f.labels["subject"] for f in check(scene(lan, WEB, TWIN, on=host(*LINKS, inside=inside)))] == expected


def test_one_static_address_for_two_is_found_whether_they_run_or_not(sentence: Any) -> None:
    twice = static("web", "172.18.0.9"), static("old", "172.18.0.9")
    assert list(check(scene(FRONT, WEB, static_addresses=twice))) == [
        network_finding(
            "duplicate_address",
            "info",
            "front",
            "172.18.0.9",
            sentence,
            "probable",
        )
    ]


def test_old_tasks_of_a_swarm_keep_the_address_that_was_chosen_for_them() -> None:
    overlay = replace(network("ov", driver="overlay", subnet="10.77.0.0/24"), scope="swarm")
    twice = static("svc.1.old", "10.77.0.6", "ov"), static("svc.1.new", "10.77.0.6", "ov")
    assert list(check(scene(FRONT, overlay, static_addresses=twice))) == []


def test_static_addresses_differ_by_network_and_not_by_spelling() -> None:
    apart = static("web", "172.18.0.9"), static("db", "172.18.0.9", "back")
    assert list(check(scene(FRONT, network("back"), WEB, static_addresses=apart))) == []
    assert found(WEB, static=(static("web", "fd00::9"), static("db", "fd00:0:0::0009"))) == ["fd00::9"]


def test_what_the_living_have_is_told_once() -> None:
    twin = run("db", network="front", ip="172.18.0.2", mac="02:00:00:00:00:09")
    assert found(WEB, twin, static=(static("web", "172.18.0.2"), static("db", "172.18.0.2"))) == ["172.18.0.2"]


def test_a_container_that_says_it_twice_is_one() -> None:
    assert found(WEB, DB, static=(static("web", "172.18.0.2"), static("web", "172.18.0.2"))) == []
