"""What is left for networks that name no subnet."""

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import AddressPool
from exporter.core.model.routes import Route
from exporter.core.topology.address_pools import PoolUse, pool_use
from tests.support.builders import network
from tests.support.scenes import route

BRIDGE = network("bridge", bridge="docker0", subnet="172.17.0.0/16")
TENS = (AddressPool("10.200.0.0/16", 26),)


def test_an_engine_that_is_told_nothing_has_thirty_networks_beside_its_own() -> None:
    assert pool_use([BRIDGE]) == PoolUse(used=1, available=30)


@pytest.mark.parametrize(
    ("subnet", "used"),
    [
        ("172.31.0.0/16", 1),
        ("172.31.7.0/24", 1),
        ("172.32.0.0/16", 0),
        ("172.16.0.0/12", 15),
        ("192.168.0.0/20", 1),
        ("192.168.15.0/23", 1),
        ("192.168.8.0/19", 2),
        ("192.168.0.0/16", 16),
        ("fd00::/64", 0),
        ("nonsense", 0),
    ],
)
def test_every_subnet_that_a_network_touches_is_taken(subnet: str, used: int) -> None:
    assert pool_use([network("n", subnet=subnet)]) == PoolUse(used, 31 - used)


def test_networks_side_by_side_in_one_subnet_take_it_once() -> None:
    nets = [network(f"n{n}", subnet=f"172.20.{n}.0/24") for n in range(5)]
    assert pool_use([*nets, network("wide", subnet="172.20.0.0/15")]) == PoolUse(2, 29)


def test_an_overlay_takes_from_another_pool() -> None:
    assert pool_use([replace(BRIDGE, driver="overlay", scope="swarm")]) == PoolUse(0, 31)


@pytest.mark.parametrize(
    ("way", "used"),
    [
        (route("192.168.1.0/24", 2), 1),  # the host's own LAN: Docker passes it over
        (route("172.20.0.0/16", 2, "192.0.2.1"), 0),
        (route("0.0.0.0/0", 2), 0),
        (route("128.0.0.0/1", 2), 31),  # a VPN over a point-to-point device: no subnet is found any more
        (route("fd00::/64", 2), 0),
    ],
    ids=str,
)
def test_what_the_host_is_attached_to_is_taken_too(way: Route, used: int) -> None:
    assert pool_use([], [way]) == PoolUse(used, 31 - used)


def test_configured_pools_stand_for_the_built_in_ones() -> None:
    nets = [BRIDGE, network("a", subnet="10.200.0.64/26"), network("b", subnet="10.200.255.192/26")]
    assert pool_use(nets, pools=TENS) == PoolUse(2, 1022)


def test_pools_of_ipv6_and_pools_that_cannot_be_are_left_out() -> None:
    pools = (*TENS, AddressPool("fd00::/48", 64), AddressPool("10.0.0.0/24", 16), AddressPool("nonsense", 24))
    assert pool_use([], pools=pools) == PoolUse(0, 1024)


def test_a_huge_pool_is_counted_and_not_walked() -> None:
    assert pool_use([network("a", subnet="10.1.2.0/24")], pools=[AddressPool("10.0.0.0/8", 30)]) == PoolUse(
        64, 2**22 - 64
    )
