"""DNAT rules that lead to nobody."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Member
from exporter.core.nat.rules.stale_dnat import KIND, check
from exporter.core.nat.ruleset import DST, EQUAL, Condition, Rule
from tests.support.builders import network
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, Host, about, drift, hosts, subject

DEAD = "-p tcp -m tcp --dport 9999 -j DNAT --to-destination 172.17.0.99:80"
every_host = pytest.mark.parametrize("host", hosts(), ids=str)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
@pytest.mark.parametrize(("limit", "address"), [("", "0.0.0.0"), ("-d 192.0.2.10", "192.0.2.10")])
def test_a_rule_to_an_address_that_nobody_has_is_told(host: Host, limit: str, address: str, sentence: Any) -> None:
    damaged = host.inserted(host.entry(), f"{limit} {DEAD}", at=-1)
    about = subject(chain=host.layout.entry, protocol="tcp", host_address=address, host_port="9999")
    assert list(check(damaged.scene())) == [drift(KIND, "warning", about, sentence)]


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    rule = "-p udp -m udp --dport 9999 -j DNAT --to-destination [fd00:18::99]:80"
    [found] = check(host.inserted(host.entry("ip6"), rule).scene())
    assert about(found) == subject(
        family="ip6", chain=host.layout.entry, protocol="udp", host_address="::", host_port="9999"
    )


@every_host
def test_for_a_live_port_it_is_a_wrong_rule_and_told_as_such(host: Host) -> None:
    rule = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.99:80"
    assert list(check(host.inserted(host.entry(), rule).scene())) == []


@every_host
def test_while_some_members_are_not_known_nobody_is_nobody(host: Host) -> None:
    members = {key: value for key, value in host.inventory.members.items() if key != "front-net"}
    unread = replace(host, inventory=replace(host.inventory, members=members))
    assert list(check(unread.inserted(host.entry(), DEAD).scene())) == []


@every_host
def test_the_target_of_a_docker_proxy_belongs_to_somebody(host: Host) -> None:
    damaged = host.inserted(host.entry(), DEAD)
    assert list(check(damaged.scene(foreign=frozenset({"172.17.0.99"})))) == []
    assert list(check(damaged.scene(foreign=frozenset({"172.17.0.98"}))))


@every_host
def test_a_rule_in_a_foreign_chain_is_its_owners(host: Host) -> None:
    assert list(check(host.inserted(host.prerouting(), DEAD).scene())) == []


def gateway_host() -> Host:
    """A host in a Swarm: the routing mesh has an address on docker_gwbridge, and so has a container of an overlay."""
    gateway = network("docker_gwbridge", bridge="docker_gwbridge", subnet="172.25.0.0/16")
    swarm = OLD.with_inventory(gateway)
    members = (
        Member("ingress-sbox", "gateway_ingress-sbox", "one", ip_address="172.25.0.2"),
        Member("web-id", "gateway_0123456789ab", "two", ip_address="172.25.0.3"),
    )
    return replace(swarm, inventory=replace(swarm.inventory, members={**swarm.inventory.members, gateway.id: members}))


@pytest.mark.parametrize(("chain", "address"), [("DOCKER-INGRESS", "172.25.0.2"), ("DOCKER", "172.25.0.3")])
def test_addresses_on_docker_gwbridge_are_somebodys(chain: str, address: str) -> None:
    swarm = gateway_host()
    rule = f"-p tcp -m tcp --dport 9999 -j DNAT --to-destination {address}:9999"
    assert list(check(swarm.inserted(("ip", "nat", chain), rule).scene())) == []


def test_a_rule_of_the_routing_mesh_to_nobody_is_told() -> None:
    rule = "-p tcp -m tcp --dport 9999 -j DNAT --to-destination 172.25.0.9:9999"
    [found] = check(gateway_host().inserted(("ip", "nat", "DOCKER-INGRESS"), rule).scene())
    assert (found.labels["chain"], found.labels["host_port"]) == ("DOCKER-INGRESS", "9999")


def test_a_rule_with_a_strange_mask_is_told_too() -> None:
    strange = Condition(DST, EQUAL, (0x0A000005, 0x0000FFFF))
    rule = Rule("ip", "nat", "DOCKER", "DNAT", address="172.17.0.99", port=80, conditions=(strange,))
    chains = {**NEW.rules.chains, NEW.entry(): (*NEW.rules.chains[NEW.entry()], rule)}
    [found] = check(NEW.with_rules(replace(NEW.rules, chains=chains)).scene())
    assert about(found) == subject(chain="DOCKER", host_address="10.0.0.5/0.0.255.255")
