"""What Docker must have programmed: per version, per network option, per family."""

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import BridgeOptions, Member, Subnet
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.expected import ExpectedBinding, ExpectedNetwork, expected
from exporter.core.nat.ruleset import Rule
from tests.support.builders import connect, inventory, network, run, stop
from tests.support.nat_hosts import NETWORKS, WEB, host, published

VERSIONS = ("20.10.24", "26.1.5", "27.3.1", "28.5.2", "29.1.0")
FRONT = network("front", subnet="172.18.0.0/16")
DUAL = replace(FRONT, ipv6=True, subnets=(Subnet("172.18.0.0/16"), Subnet("fd00:18::/64")))
SOURCE = number_of("172.18.255.254")


def with_options(**options: object) -> ExpectedNetwork:
    """The network front with these options on a modern engine."""
    [found] = expected(host(replace(FRONT, options=BridgeOptions(**options)))).networks  # type: ignore[arg-type]
    return found


def test_a_network_is_translated_and_one_without_a_member_has_an_address_all_the_same() -> None:
    assert expected(host(FRONT)).networks == (
        ExpectedNetwork(FRONT, "ip", "172.18.0.0/16", "nat", masqueraded=True, source=SOURCE, populated=False),
    )


def test_a_members_address_is_the_one_that_packets_come_from() -> None:
    [found] = expected(host(FRONT, run("web", network="front", ip="172.18.0.7"))).networks
    assert (found.source, found.populated) == (number_of("172.18.0.7"), True)


@pytest.mark.parametrize(
    ("options", "mode", "masqueraded"),
    [
        ({}, "nat", True),
        ({"masquerade": False}, "nat", False),
        ({"gateway_mode4": "nat-unprotected"}, "nat-unprotected", True),
        ({"gateway_mode4": "routed"}, "routed", False),
        ({"gateway_mode6": "routed"}, "nat", True),
    ],
)
def test_options_say_whether_a_network_is_translated(options: dict[str, object], mode: str, masqueraded: bool) -> None:  # noqa: FBT001
    found = with_options(**options)
    assert (found.mode, found.masqueraded) == (mode, masqueraded)


@pytest.mark.parametrize("mode", ["nat", "isolated"])
def test_an_internal_network_is_not_translated(mode: str) -> None:
    made = replace(network("back", subnet="172.19.0.0/16", internal=True), options=BridgeOptions(gateway_mode4=mode))
    [found] = expected(host(made)).networks
    assert (found.mode, found.masqueraded) == ("internal", False)


@pytest.mark.parametrize("version", ["20.10.24", "26.1.5"])
def test_engines_before_27_know_no_gateway_modes(version: str) -> None:
    routed = replace(FRONT, options=BridgeOptions(gateway_mode4="routed"))
    [found] = expected(host(routed, version=version)).networks
    assert (found.mode, found.masqueraded) == ("nat", True)


@pytest.mark.parametrize("version", VERSIONS)
def test_engines_write_rules_for_ipv6_since_27(version: str) -> None:
    found = expected(host(DUAL, version=version))
    both = int(version.partition(".")[0]) >= 27
    assert [n.family for n in found.networks] == (["ip", "ip6"] if both else ["ip"])
    assert found.families == ({"ip", "ip6"} if both else {"ip"})


def test_each_family_has_its_own_gateway_mode() -> None:
    found = expected(host(replace(DUAL, options=BridgeOptions(gateway_mode6="routed")))).networks
    assert [(n.family, n.mode, n.masqueraded) for n in found] == [("ip", "nat", True), ("ip6", "routed", False)]


@pytest.mark.parametrize("subnet", ["172.18.0.4/32", "172.18.0.4/31", "fd00:18::4/128"])
def test_the_smallest_subnets_have_an_address_too(subnet: str) -> None:
    made = replace(FRONT, ipv6=True, subnets=(Subnet(subnet),))
    [found] = expected(host(made)).networks
    assert found.source == number_of(subnet.partition("/")[0])


def test_networks_without_a_bridge_and_subnets_without_a_text_are_left_out() -> None:
    others = (network("lan", driver="macvlan", subnet="198.51.100.0/24"), network("ov", driver="overlay"))
    assert expected(host(*others, replace(FRONT, subnets=(Subnet(""),)))).networks == ()


def test_of_an_engine_whose_version_says_nothing_the_oldest_is_expected() -> None:
    assert [n.family for n in expected(host(DUAL, version="dev")).networks] == ["ip"]
    assert [n.family for n in expected(replace(host(DUAL), engine=None)).networks] == ["ip"]


def binding(family: str = "ip", **told: object) -> ExpectedBinding:
    """Web's port 8080 on an address of front."""
    known = {"container": "web", "network": "front", "protocol": "tcp", "host_ip": "", "host_port": 8080}
    targets = ("172.18.0.2",) if family == "ip" else ("fd00:18::2",)
    return ExpectedBinding(**{"family": family, **known, "targets": targets, "container_port": 80, **told})  # type: ignore[arg-type]


def of_web(*specs: str, version: str = "28.5.2") -> list[ExpectedBinding]:
    web = published(connect(run("web", network="none"), "front", ip="172.18.0.2", ip6="fd00:18::2"), *specs)
    return list(expected(host(DUAL, web, version=version)).bindings)


def test_a_port_for_all_addresses_is_one_for_each_family_of_the_container() -> None:
    assert of_web("8080:80") == [binding(), binding("ip6")]
    assert of_web("8080:80", version="20.10.24") == [binding()]


def test_a_port_on_one_address_is_of_its_family_alone() -> None:
    assert of_web("192.0.2.10:8080:80") == [binding(host_ip="192.0.2.10")]
    assert of_web("[2001:db8::10]:8080:80") == [binding("ip6", host_ip="2001:db8::10")]
    assert of_web("127.0.0.1:8080:80") == [binding(host_ip="127.0.0.1")]


def test_a_port_that_is_told_without_an_address_is_on_all_of_both() -> None:
    told = Details(published=(PortBinding("udp", 53, "", 8053, 8053),))
    web = replace(connect(run("web", network="none"), "front", ip="172.18.0.2"), details=told)
    assert list(expected(host(DUAL, web)).bindings) == [binding(protocol="udp", host_port=8053, container_port=53)]


def test_a_container_without_an_address_of_ipv6_has_no_rule_for_it() -> None:
    web = published(run("web", network="front", ip="172.18.0.2"), "8080:80")
    assert list(expected(host(DUAL, web)).bindings) == [binding()]


def test_a_routed_port_has_no_rule() -> None:
    told = Details(published=(PortBinding("tcp", 80, "0.0.0.0", 0, 0), PortBinding("tcp", 80, "::", 8080, 8080)))
    web = replace(run("web", network="front", ip="172.18.0.2"), details=told)
    assert list(expected(host(FRONT, web)).bindings) == []


def test_what_does_not_run_or_is_not_inspected_has_no_rule() -> None:
    assert list(expected(host(DUAL, stop(WEB))).bindings) == []
    assert list(expected(host(DUAL, replace(WEB, details=None))).bindings) == []


def test_a_container_on_two_networks_may_be_led_to_on_either() -> None:
    web = published(connect(run("web", network="front", ip="172.18.0.2"), "other", ip="172.19.0.2"), "8080:80")
    [found] = expected(host(FRONT, network("other", subnet="172.19.0.0/16"), web)).bindings
    assert set(found.targets) == {"172.18.0.2", "172.19.0.2"}


def test_a_container_on_an_overlay_is_led_to_through_docker_gwbridge() -> None:
    """Its address there is in no list of its own."""
    gateway = network("docker_gwbridge", bridge="docker_gwbridge", subnet="172.25.0.0/16")
    web = published(run("web", network="ov", ip="10.0.0.3"), "8080:80")
    found = host(network("ov", driver="overlay"), gateway, web)
    member = Member("web-id", "gateway_0123456789ab", "one", ip_address="172.25.0.3")
    found = replace(found, members={**found.members, gateway.id: (member,)})
    assert list(expected(found).bindings) == [binding(network="docker_gwbridge", targets=("172.25.0.3",))]


def test_one_that_shares_a_namespace_publishes_nothing_of_its_own() -> None:
    sharer = replace(run("sharer", network="container:web-id"), details=Details())
    assert {b.container for b in expected(host(*NETWORKS, WEB, sharer)).bindings} == {"web"}


def test_an_address_is_nobodys_only_when_every_bridge_networks_members_are_known() -> None:
    assert expected(host(*NETWORKS, WEB)).complete
    assert not expected(inventory(*NETWORKS, WEB)).complete
    unknown_overlay = replace(host(FRONT, network("ov", driver="overlay"), WEB), members={"front-net": ()})
    assert expected(unknown_overlay).complete


@pytest.mark.parametrize(
    ("address", "port", "host_port", "served"),
    [
        ("172.18.0.2", 80, 8080, True),
        ("172.18.0.2", 81, 8080, False),
        ("172.18.0.3", 80, 8080, False),
        ("172.18.0.2", 0, 80, True),
        ("172.18.0.2", 0, 8080, False),
    ],
)
def test_a_rule_serves_a_port_when_it_leads_there(address: str, port: int, host_port: int, served: bool) -> None:  # noqa: FBT001
    rule = Rule("ip", "nat", "DOCKER", "DNAT", address=address, port=port)
    assert binding(host_port=host_port).is_served_by(rule) is served


def test_an_address_is_written_as_docker_writes_it() -> None:
    assert [b.host_address for b in of_web("8080:80", "127.0.0.1:8443:443")] == ["0.0.0.0", "::", "127.0.0.1"]
