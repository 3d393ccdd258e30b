"""Switches of the kernel that keep packets from passing the host."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container, Inventory, Network
from exporter.core.nat.context import NatContext
from exporter.core.nat.expected import expected
from exporter.core.nat.rules.forwarding_off import KIND, check
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, Host, drift, hosts, subject
from tests.support.nat_hosts import host as docker

every_host = pytest.mark.parametrize("host", hosts(), ids=str)
ON = {"ip": True, "ip6": True}


@every_host
@pytest.mark.parametrize("forwarding", [ON, ON | {"docker0": True, "br-front": True}, {}])
def test_an_ordinary_host_shows_none(host: Host, forwarding: dict[str, bool]) -> None:
    """What could not be read is not taken for off."""
    assert list(check(host.scene(forwarding=forwarding))) == []


@every_host
def test_the_hosts_switch_is_told_once(host: Host, sentence: Any) -> None:
    off = ON | {"ip": False, "br-front": False}
    assert list(check(host.scene(forwarding=off))) == [drift(KIND, "critical", subject(), sentence)]


@every_host
def test_a_bridges_switch_cuts_off_its_network(host: Host, sentence: Any) -> None:
    off = ON | {"br-front": False, "br-back": False, "eth0": True}
    assert list(check(host.scene(forwarding=off))) == [drift(KIND, "critical", subject(network="front"), sentence)]


@every_host
def test_an_uplinks_switch_is_critical_unless_another_uplink_forwards(host: Host, sentence: Any) -> None:
    alone, beside = ON | {"br-front": True, "eth0": False}, ON | {"eth0": False, "eth1": True}
    [found] = check(host.scene(forwarding=alone))
    assert found == drift(KIND, "critical", subject(), sentence)
    [minor] = check(host.scene(forwarding=beside))
    assert (minor.severity, minor.key) == ("warning", found.key)


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_switch_of_ipv6_counts_where_a_network_has_it(host: Host, sentence: Any) -> None:
    off = {"ip": True, "ip6": False}
    assert list(check(host.scene(forwarding=off))) == [drift(KIND, "critical", subject(family="ip6"), sentence)]


def test_an_engine_without_rules_for_ipv6_needs_no_forwarding_of_it() -> None:
    assert list(check(OLD.scene(forwarding={"ip": True, "ip6": False}))) == []


def test_a_host_without_a_live_container_needs_none() -> None:
    def scene(inventory: Inventory) -> NatContext:
        return NatContext(expected(inventory), NEW.reading(forwarding={"ip": False, "ip6": False}), NEW.families)

    idle = replace(NEW.inventory, containers={}, members={})
    assert list(check(scene(idle))) == []
    everything: tuple[Container | Network, ...] = (
        *NEW.inventory.networks.values(),
        *NEW.inventory.containers.values(),
    )
    internal = docker(*(thing for thing in everything if thing.name in ("back", "db")))
    assert list(check(scene(internal))) == []
