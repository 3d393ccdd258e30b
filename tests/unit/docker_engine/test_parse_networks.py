"""Networks and engines, as four engines told of them."""

from collections.abc import Mapping

import pytest

from exporter.core.model.docker import AddressPool, BridgeOptions, Engine, Network, Subnet
from exporter.docker_engine.parse import parse_engine, parse_members, parse_network
from tests.support.recorded import ENGINES, answer

every_engine = pytest.mark.parametrize("engine", ENGINES)


def networks(engine: str) -> Mapping[str, Network]:
    return {network.name: network for network in map(parse_network, answer(engine, "networks"))}


@every_engine
def test_drivers_and_bridges(engine: str) -> None:
    """A bridge has the name of its option, or that of its network's id."""
    found = networks(engine)
    back = found["shop_back"]
    assert {name: (network.driver, network.bridge) for name, network in found.items()} == {
        "bridge": ("bridge", "docker0"),
        "shop_front": ("bridge", f"br-{found['shop_front'].id[:12]}"),
        "shop_back": ("bridge", f"br-{back.id[:12]}"),
        "named": ("bridge", "br-named"),
        "dual": ("bridge", f"br-{found['dual'].id[:12]}"),
        "lan": ("macvlan", ""),
        "host": ("host", ""),
        "none": ("null", ""),
    }


@every_engine
def test_options_of_networks(engine: str) -> None:
    found = networks(engine)
    assert {name for name, network in found.items() if network.internal} == {"shop_back"}
    assert {name for name, network in found.items() if network.ipv6} == {"dual"}
    assert {name: network.mtu for name, network in found.items() if network.mtu} == {"bridge": 1500, "named": 1400}
    assert all(network.created > 1_795_000_000 for network in found.values())


@every_engine
def test_host_and_none_have_no_subnet(engine: str) -> None:
    """20.10 says [] and the others null."""
    found = networks(engine)
    assert (found["host"].subnets, found["none"].subnets) == ((), ())


@pytest.mark.parametrize(
    ("engine", "default", "named"),
    [
        ("20.10.24", "", ""),
        ("26.1.5", "172.17.0.1", ""),
        ("28.5.2", "172.17.0.1", ""),
        ("29.7.2", "172.17.0.1", "10.99.0.1"),
    ],
)
def test_a_gateway_that_nobody_chose_is_told_by_newer_engines(engine: str, default: str, named: str) -> None:
    found = networks(engine)
    assert found["bridge"].subnets == (Subnet("172.17.0.0/16", default),)
    assert found["named"].subnets == (Subnet("10.99.0.0/24", named),)


@every_engine
def test_a_dual_stack_network_has_two_subnets(engine: str) -> None:
    assert [subnet.subnet for subnet in networks(engine)["dual"].subnets] == ["10.98.0.0/24", "fd00:98::/64"]


@every_engine
def test_members_are_named_with_their_addresses(engine: str) -> None:
    members = {member.name: member for member in parse_members(answer(engine, "network"))}
    assert {name: member.ip_address for name, member in members.items()} == {
        "shop-web-1": "172.19.0.2",
        "shop-db-1": "172.19.0.3",
    }
    web = answer(engine, "two-networks")
    endpoint = web["NetworkSettings"]["Networks"]["shop_back"]
    found = members["shop-web-1"]
    assert (found.container_id, found.endpoint_id) == (web["Id"], endpoint["EndpointID"])
    assert found.mac_address == endpoint["MacAddress"]


@every_engine
def test_members_of_the_gateway_network_are_containers_and_the_ingress(engine: str) -> None:
    """Under the container's id, although no container lists that network; the ingress is nobody's."""
    members = parse_members(answer(engine, "gateway-network"))
    assert sorted(member.name.partition("_")[0] for member in members) == ["gateway"] * 3
    assert sorted(len(member.container_id) for member in members) == [len("ingress-sbox"), 64, 64]


def test_a_network_without_members_has_none() -> None:
    """29 leaves the key out."""
    assert [parse_members({}), parse_members({"Containers": None}), parse_members({"Containers": {}})] == [[], [], []]


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ("20.10.24", Engine("shop", "20.10.24+dfsg1", "1.41", "6.18.44", "1")),
        ("26.1.5", Engine("shop", "26.1.5+dfsg1", "1.45", "6.18.44", "1")),
        ("28.5.2", Engine("shop", "28.5.2+dfsg4", "1.51", "6.18.44", "1", firewall_driver="iptables")),
        ("29.7.2", Engine("shop", "29.7.2", "1.55", "6.18.44", "1", firewall_driver="iptables")),
    ],
)
def test_what_an_engine_says_of_itself(engine: str, told: Engine) -> None:
    """That its rules are iptables' does not say of which kind, nor whether it is true."""
    assert parse_engine(answer(engine, "version"), answer(engine, "info")) == told


def test_an_engine_that_writes_no_rules_says_so_and_an_old_one_says_nothing() -> None:
    """With --iptables=false 28 tells null; before it the key was not there."""
    assert parse_engine({}, {"FirewallBackend": None}).firewall_driver == "none"
    assert parse_engine({}, {}).firewall_driver == ""


def test_options_that_change_a_networks_rules() -> None:
    options = {
        "com.docker.network.bridge.enable_ip_masquerade": "0",
        "com.docker.network.bridge.gateway_mode_ipv6": "routed",
        "com.docker.network.bridge.inhibit_ipv4": "true",
        "com.docker.network.bridge.enable_icc": "false",
    }
    network = parse_network({"Id": "n", "Driver": "bridge", "Options": options})
    assert network.options == BridgeOptions(
        masquerade=False, gateway_mode4="nat", gateway_mode6="routed", inhibit_ipv4=True, icc=False
    )
    assert parse_network({"Id": "n", "Driver": "bridge", "Options": None}).options == BridgeOptions()


def test_address_pools_are_told_where_they_were_configured() -> None:
    pools = [{"Base": "10.200.0.0/16", "Size": 26}, {"Base": "fd00:200::/48", "Size": 64}]
    assert parse_engine({}, {"DefaultAddressPools": pools}).address_pools == (
        AddressPool("10.200.0.0/16", 26),
        AddressPool("fd00:200::/48", 64),
    )
    assert parse_engine({}, {"DefaultAddressPools": None}).address_pools == ()


def test_addresses_that_an_operator_keeps_for_others_are_told_in_an_order_of_their_own() -> None:
    given = {"Subnet": "10.99.0.0/24", "AuxiliaryAddresses": {"switch": "10.99.0.9", "printer": "10.99.0.10"}}
    network = parse_network({"Id": "n", "IPAM": {"Config": [given]}})
    assert network.subnets == (Subnet("10.99.0.0/24", auxiliary=("10.99.0.10", "10.99.0.9")),)


def test_each_subnet_is_listed_once() -> None:
    given = [{"Subnet": text} for text in ("x", "10.99.0.0/24", "", "10.99.0.0/24", "fd00::/64")]
    network = parse_network({"Id": "n", "IPAM": {"Config": given}})
    assert [one.subnet for one in network.subnets] == ["", "10.99.0.0/24", "fd00::/64"]
