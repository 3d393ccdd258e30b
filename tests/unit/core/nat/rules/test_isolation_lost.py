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
    flushed = host.without(host.forward()).with_policy(host.forward(), "ACCEPT")
    assert list(check(flushed.scene())) == [
        drift(KIND, "warning", subject(chain="FORWARD", network=name), sentence) for name in ring(host)
    ]
    assert reaching(host.without(host.forward())) == []


@pytest.mark.parametrize(
    ("place", "rule", "network"),
    [(STAGE_1, "-i br-front", "front"), (STAGE_2, "-o br-front", "bridge")],
)
def test_one_lost_rule_lets_one_network_through(
    place: tuple[str, str, str], rule: str, network: str, sentence: Any
) -> None:
    assert list(check(OLD.without(place, rule).scene())) == [
        drift(KIND, "warning", subject(chain="FORWARD", network=network), sentence)
    ]


def test_on_28_the_rule_against_unpublished_ports_keeps_them_apart_as_well() -> None:
    drops = ("ip", "filter", "DOCKER"), "! -i br-front -o br-front -j DROP"
    assert reaching(NEW.without(STAGE_2, "-o br-front")) == []
    assert reaching(NEW.without(STAGE_2, "-o br-front").without(*drops)) == ["bridge"]


def test_docker_s_own_tables_keep_them_apart_by_one_rule() -> None:
    place = ("ip", "docker-bridges", "filter-forward-in__br-front")
    assert [about(found) for found in check(OWN_TABLES.without(place).scene())] == [
        subject(chain="filter-FORWARD", network="bridge")
    ]


@every_host
def test_an_operator_allows_what_he_likes(host: Host) -> None:
    """In DOCKER-USER; a firewall of his own that drops it keeps it dropped."""
    user = host.inserted(("ip", "filter", "DOCKER-USER"), "-j ACCEPT") if host is not OWN_TABLES else host
    assert reaching(user) == []
    lost = host.inserted(host.forward(), "-j ACCEPT")
    assert len(reaching(lost)) == len(ring(host))
    assert reaching(lost.with_table(("inet", "mine", "f"), Base("forward", "DROP"))) == []


@every_host
def test_what_depends_on_something_unknown_says_nothing(host: Host) -> None:
    assert reaching(host.inserted(host.forward(), "-m mark --mark 1 -j ACCEPT")) == []


@every_host
def test_networks_that_are_open_by_choice_internal_or_empty_are_left_out(host: Host) -> None:
    lost = host.inserted(host.forward(), "-j ACCEPT").with_inventory(network("empty", subnet="172.30.0.0/16"))
    assert reaching(lost) == ring(host)


def test_one_network_alone_reaches_none() -> None:
    gone = [n for n in OLD.inventory.networks.values() if n.name not in ("front", "host", "none")]
    alone = OLD.without_things(*gone).inserted(OLD.forward(), "-j ACCEPT")
    assert reaching(alone) == []


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    """Of IPv6 there is one network, which reaches no other."""
    assert reaching(host.inserted(host.forward("ip6"), "-j ACCEPT")) == []
    assert reaching(host.with_inventory(run("one", network="front", ip="172.18.0.9"))) == []
