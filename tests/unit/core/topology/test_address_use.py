"""How many addresses are held and left: the figures are those that Docker 29.7 tells of the same networks."""

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container, Member, Network, Subnet
from exporter.core.topology.address_use import SubnetUse, subnet_uses
from exporter.core.topology.topology import join
from tests.support.builders import connect, devices, inventory, network, run, stop

FRONT = network("front", subnet="172.18.0.0/16", gateway="172.18.0.1")
WEB = run("web", network="front", ip="172.18.0.2")


def uses(*things: Container | Network, members: dict[str, tuple[Member, ...]] | None = None) -> list[tuple[int, int]]:
    """(used, available) of each subnet."""
    found = replace(inventory(*things), members=members or {})
    return [(use.used, use.available) for use in subnet_uses(join(found, devices()))]


def of(*subnets: Subnet) -> Network:
    return replace(network("front"), subnets=subnets)


def test_a_subnet_s_own_its_broadcast_its_gateways_and_its_endpoints_addresses_are_used() -> None:
    assert subnet_uses(join(inventory(FRONT, WEB), devices())) == (
        SubnetUse("front", "172.18.0.0/16", 4, 4, available=65532, capacity=65533, assigned="172.18.0.0/16"),
    )


def test_of_ipv6_there_is_no_broadcast() -> None:
    v6 = of(Subnet("fd00:98::/112", "fd00:98::1"))
    web = connect(run("web", network="none"), "front", ip6="fd00:98::2")
    assert uses(v6, web) == [(3, 65533)]


def test_a_gateway_that_an_endpoint_tells_is_used_and_without_one_there_is_none() -> None:
    assert uses(network("front", subnet="192.0.2.0/24"), run("a", network="front", ip="192.0.2.1")) == [(3, 253)]
    told = run("a", network="front", ip="192.0.2.2", gateway="192.0.2.1")
    assert uses(network("front", subnet="192.0.2.0/24"), told) == [(4, 252)]


def test_only_the_range_is_handed_out_and_all_of_the_subnet_is_used() -> None:
    ranged = of(Subnet("172.18.0.0/16", "172.18.0.1", "172.18.5.0/29"))
    inside, outside = run("a", network="front", ip="172.18.5.3"), run("b", network="front", ip="172.18.9.9")
    assert uses(ranged, inside, outside) == [(5, 7)]


def test_a_full_subnet_has_nothing_left() -> None:
    containers = [run(f"c{n}", network="front", ip=f"10.0.0.{n}") for n in range(2, 7)]
    assert uses(network("front", subnet="10.0.0.0/29", gateway="10.0.0.1"), *containers) == [(8, 0)]


@pytest.mark.parametrize(("subnet", "left"), [("10.0.0.0/31", 2), ("10.0.0.0/32", 1), ("10.0.0.0/30", 2)])
def test_the_smallest_subnets_have_no_broadcast(subnet: str, left: int) -> None:
    assert [available for _, available in uses(network("front", subnet=subnet))] == [left]


def test_the_addresses_of_the_dead_are_free() -> None:
    assert uses(FRONT, stop(WEB)) == [(3, 65533)]


def test_docker_s_own_endpoints_hold_addresses_and_a_container_s_counts_once() -> None:
    sandbox = Member("ingress-sbox", "gateway_ingress-sbox", "e1", "", "172.18.0.9")
    itself = Member("web-id", "web", "e2", "", "172.18.0.2")
    assert uses(FRONT, WEB, members={"front-net": (sandbox, itself)}) == [(5, 65531)]
    before = replace(itself, ip_address="172.18.0.7")
    assert uses(FRONT, WEB, members={"front-net": (sandbox, before)}) == [(5, 65531)]


def test_what_an_operator_keeps_for_others_is_used() -> None:
    kept = of(Subnet("172.18.0.0/16", "172.18.0.1", auxiliary=("172.18.0.9", "172.18.0.10", "192.0.2.1", "nonsense")))
    assert uses(kept, WEB) == [(6, 65530)]
    ranged = of(Subnet("172.18.0.0/16", "172.18.0.1", "172.18.5.0/29", ("172.18.0.9", "172.18.5.3")))
    assert uses(ranged, WEB) == [(6, 7)]


def test_the_ipv6_address_of_an_endpoint_that_no_container_lists_is_used() -> None:
    """An endpoint on docker_gwbridge, for example."""
    gateway = Member("web-id", "gateway_0a1b2c", "e1", "", "172.18.0.2", "fd00:98::2")
    dual = of(Subnet("172.18.0.0/16", "172.18.0.1"), Subnet("fd00:98::/112", "fd00:98::1"))
    assert uses(dual, members={"front-net": (gateway,)}) == [(4, 65532), (3, 65533)]


def test_what_the_engine_tells_itself_stands() -> None:
    told = {"front-net": {"172.18.0.0/16": (9, 65527)}, "other-net": {"172.18.0.0/16": (1, 1)}}
    (use,) = subnet_uses(join(replace(inventory(FRONT, WEB), address_use=told), devices()))
    assert (use.used, use.available) == (9, 65527)


@pytest.mark.parametrize("subnet", ["fd00::/64", "0.0.0.0/0", "whatever a plugin says"])
def test_what_is_too_large_or_no_subnet_is_left_out(subnet: str) -> None:
    assert uses(network("front", subnet=subnet)) == []


def test_the_largest_that_is_shown_has_two_to_the_32() -> None:
    assert uses(network("front", subnet="fd00::/96")) == [(1, 2**32 - 1)]


def test_an_overlay_cannot_be_told_from_one_node() -> None:
    assert uses(replace(FRONT, driver="overlay", scope="swarm"), WEB) == []


def test_subnets_are_in_the_order_of_their_networks() -> None:
    both = of(Subnet("fd00::/112"), Subnet("10.1.0.0/24"))
    found = subnet_uses(join(inventory(both, network("back", subnet="10.9.0.0/24")), devices()))
    assert [(use.network, use.subnet) for use in found] == [
        ("back", "10.9.0.0/24"),
        ("front", "10.1.0.0/24"),
        ("front", "fd00::/112"),
    ]
