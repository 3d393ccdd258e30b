"""A subnet's gateway, from wherever it is told."""

from ipaddress import IPv4Network, IPv6Network

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container, Network, Subnet
from exporter.core.topology.subnets import parse_subnet, subnets_with_gateways
from exporter.core.topology.topology import Topology, join
from tests.support.builders import devices, inventory, network, run


def subnets(net: Network, *containers: Container, addresses: tuple[str, ...] = ()) -> tuple[Subnet, ...]:
    topology: Topology = join(inventory(net, *containers), devices(addresses={net.bridge: addresses}))
    return subnets_with_gateways(topology, net)


def test_the_gateway_that_ipam_names_stands() -> None:
    front = network("front", subnet="172.18.0.0/16", gateway="172.18.0.254")
    web = run("web", network="front", gateway="172.18.0.1")
    assert subnets(front, web, addresses=("172.18.0.1",)) == (Subnet("172.18.0.0/16", "172.18.0.254"),)


def test_an_endpoint_tells_the_gateway_that_ipam_does_not() -> None:
    web = run("web", network="front", gateway="172.18.0.1")
    assert subnets(network("front", subnet="172.18.0.0/16"), web) == (Subnet("172.18.0.0/16", "172.18.0.1"),)


def test_without_endpoints_the_bridges_own_address_is_the_gateway() -> None:
    front = network("front", subnet="172.18.0.0/16")
    assert subnets(front, addresses=("10.0.0.1", "172.18.0.1")) == (Subnet("172.18.0.0/16", "172.18.0.1"),)


def test_an_endpoint_of_another_network_tells_nothing() -> None:
    api = run("api", network="back", gateway="172.18.0.9")
    assert subnets(network("front", subnet="172.18.0.0/16"), api) == (Subnet("172.18.0.0/16"),)


def test_an_address_outside_of_the_subnet_is_not_its_gateway() -> None:
    web = run("web", network="front", gateway="10.0.0.1")
    assert subnets(network("front", subnet="172.18.0.0/16"), web) == (Subnet("172.18.0.0/16"),)


def test_each_family_gets_a_gateway_of_its_own() -> None:
    both = replace(network("front"), subnets=(Subnet("172.18.0.0/16"), Subnet("fd00:1::/64")))
    assert subnets(both, addresses=("172.18.0.1", "fd00:1::1")) == (
        Subnet("172.18.0.0/16", "172.18.0.1"),
        Subnet("fd00:1::/64", "fd00:1::1"),
    )


def test_nonsense_is_passed_on_without_a_gateway() -> None:
    front = network("front", subnet="whatever a plugin says")
    web = run("web", network="front", gateway="not an address either")
    assert subnets(front, web, addresses=("172.18.0.1",)) == (Subnet("whatever a plugin says"),)


def test_a_network_without_subnets_has_none() -> None:
    assert subnets(network("front")) == ()


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("172.18.0.0/16", IPv4Network("172.18.0.0/16")),
        ("172.18.5.1/16", IPv4Network("172.18.0.0/16")),
        ("fd00::/8", IPv6Network("fd00::/8")),
        ("172.18.0.0", IPv4Network("172.18.0.0/32")),
        ("", None),
        ("172.18.0.0/33", None),
        ("nonsense", None),
    ],
)
def test_a_subnet_is_parsed_or_is_none(text: str, parsed: IPv4Network | IPv6Network | None) -> None:
    assert parse_subnet(text) == parsed
