"""Networks that reach each other and should not."""

from typing import Any

import pytest

from exporter.core.nat.rules.isolation_lost import KIND, check
from exporter.core.nat.ruleset import Base
from tests.support.builders import network, run
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, OWN_TABLES, Host, about, drift, hosts, subject

every_host = pytest.mark.parametrize("host", hosts(), ids=str)
STAGE_1, STAGE_2 = ("ip", "filter", "DOCKER-ISOLATION-STAGE-1"), ("ip", "filter", "DOCKER-ISOLATION-STAGE-2")


def ring(host: Host) -> list[str]:
    """The networks, each of which would reach the next; 20.10 knows no mode that leaves one open."""
    return ["bridge", "front", "open", "quiet"] if host is OLD else ["bridge", "front", "quiet"]


def without_raw(host: Host) -> Host:
    """Since 28 the table raw drops packets for a container's address that come by another device than its bridge."""
    places = {"28": ("ip", "raw", "PREROUTING"), "native": ("ip", "docker-bridges", "raw-PREROUTING")}
    return host.without(places[host.name]) if host.name in places else host


def reaching(host: Host) -> list[str]:
    """The networks that reach the next one."""
    return [found.labels["network"] for found in check(host.scene())]


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    """Neither under the policy that accepts, nor for ports that are published to others."""
    assert reaching(host) == []
    assert reaching(host.with_policy(host.forward(), "ACCEPT")) == []


@pytest.mark.parametrize("host", [OLD, NEW], ids=str)
def test_a_flushed_forward_that_accepts_loses_it(host: Host, sentence: Any) -> None:
    flushed = without_raw(host).without(host.forward()).with_policy(host.forward(), "ACCEPT")
    assert list(check(flushed.scene())) == [
        drift(KIND, "warning", subject(chain="FORWARD", network=name), sentence) for name in ring(host)
    ]
    assert reaching(without_raw(host).without(host.forward())) == []


def test_since_28_the_table_raw_keeps_them_apart_alone() -> None:
    assert reaching(NEW.without(NEW.forward()).with_policy(NEW.forward(), "ACCEPT")) == []


@pytest.mark.parametrize(
    ("place", "rule", "networks"),
    [(STAGE_1, "-i br-front", ["front"]), (STAGE_2, "-o br-front", ["bridge", "open", "quiet"])],
)
def test_a_lost_rule_opens_the_way_from_one_network_or_to_it(
    place: tuple[str, str, str], rule: str, networks: list[str], sentence: Any
) -> None:
    assert list(check(OLD.without(place, rule).scene())) == [
        drift(KIND, "warning", subject(chain="FORWARD", network=name), sentence) for name in networks
    ]


@pytest.mark.parametrize("host", [OLD, NEW], ids=str)
def test_networks_that_are_no_neighbours_by_name_reach_each_other(host: Host) -> None:
    """Accepted both ways by whoever it is; in one direction alone an operator's rule opens nothing."""
    user = ("ip", "filter", "DOCKER-USER")
    there = without_raw(host).inserted(user, "-i docker0 -o br-quiet -j ACCEPT")
    assert reaching(there) == []
    assert reaching(there.inserted(user, "-i br-quiet -o docker0 -j ACCEPT")) == ["quiet", "bridge"]


def test_on_28_the_rule_against_unpublished_ports_keeps_them_apart_as_well() -> None:
    drops = ("ip", "filter", "DOCKER"), "! -i br-front -o br-front -j DROP"
    assert reaching(NEW.without(STAGE_2, "-o br-front")) == []
    assert reaching(without_raw(NEW).without(STAGE_2, "-o br-front").without(*drops)) == ["bridge", "quiet"]
    assert reaching(NEW.without(STAGE_2, "-o br-front").without(*drops)) == []


def test_docker_s_own_tables_keep_them_apart_by_one_rule() -> None:
    place = ("ip", "docker-bridges", "filter-forward-in__br-front")
    assert [about(found) for found in check(without_raw(OWN_TABLES).without(place).scene())] == [
        subject(chain="filter-FORWARD", network=name) for name in ("bridge", "quiet")
    ]


@every_host
def test_what_another_firewall_drops_stays_dropped(host: Host) -> None:
    lost = without_raw(host).inserted(host.forward(), "-j ACCEPT")
    assert len(reaching(lost)) == len(ring(host))
    assert reaching(lost.with_table(("inet", "mine", "f"), Base("forward", "DROP"))) == []


@every_host
def test_what_depends_on_something_unknown_says_nothing(host: Host) -> None:
    assert reaching(host.inserted(host.forward(), "-m limit --limit 1/sec -j ACCEPT")) == []


@every_host
def test_networks_that_are_open_by_choice_internal_or_empty_are_left_out(host: Host) -> None:
    lost = (
        without_raw(host).inserted(host.forward(), "-j ACCEPT").with_inventory(network("empty", subnet="172.30.0.0/16"))
    )
    assert sorted(reaching(lost)) == ring(host)


def test_one_network_alone_reaches_none() -> None:
    gone = [n for n in OLD.inventory.networks.values() if n.name not in ("front", "host", "none")]
    alone = OLD.without_things(*gone).inserted(OLD.forward(), "-j ACCEPT")
    assert reaching(alone) == []


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    """Of IPv6 there is one network, which reaches no other."""
    assert reaching(host.inserted(host.forward("ip6"), "-j ACCEPT")) == []
    assert reaching(host.with_inventory(run("one", network="front", ip="172.18.0.9"))) == []
