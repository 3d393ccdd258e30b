"""Rules of DOCKER-USER that packets no longer reach."""

from typing import Any

import pytest

from exporter.core.nat.rules.user_rules_bypassed import KIND, check
from tests.support.nat_hosts import NEW, OLD, Host, about, drift, hosts, subject

every_host = pytest.mark.parametrize("host", hosts(), ids=str)
with_the_chain = pytest.mark.parametrize("host", [OLD, NEW], ids=str)
USER = ("ip", "filter", "DOCKER-USER")
CLOSED = "-p tcp -m tcp --dport 80 -j DROP"


def moved(host: Host) -> Host:
    """The jump behind Docker's own rules, as 20.10 writes it at a reload of firewalld."""
    return host.without(host.forward(), "-j DOCKER-USER").inserted(host.forward(), "-j DOCKER-USER", at=-1)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@with_the_chain
@pytest.mark.parametrize(
    "rule", [CLOSED, "-j DROP", "-i eth0 ! -s 198.51.100.0/24 -j REJECT", "-m geoip -j DROP", "-i br-front -j DROP"]
)
def test_rules_that_packets_reach_show_none(host: Host, rule: str) -> None:
    assert list(check(host.inserted(USER, rule).scene())) == []


@with_the_chain
def test_without_a_rule_that_drops_the_place_of_the_jump_does_not_matter(host: Host) -> None:
    assert list(check(moved(host).scene())) == []
    assert list(check(moved(host).inserted(USER, "-s 192.0.2.7 -j ACCEPT").scene())) == []


@with_the_chain
def test_a_jump_behind_dockers_rules_is_found(host: Host, sentence: Any) -> None:
    damaged = moved(host).inserted(USER, CLOSED)
    assert list(check(damaged.scene())) == [drift(KIND, "warning", subject(chain="FORWARD"), sentence)]


@with_the_chain
@pytest.mark.parametrize(
    "rule",
    [
        "-j DROP",
        "-i eth0 ! -s 198.51.100.0/24 -j REJECT",
        "-m geoip -j DROP",
        "-i br-front -p tcp -m tcp --dport 25 -j DROP",
        "-i br-front -d 198.51.100.9 -j DROP",
    ],
)
def test_whatever_the_rules_drop(host: Host, rule: str) -> None:
    assert [about(found) for found in check(moved(host).inserted(USER, rule).scene())] == [subject(chain="FORWARD")]


@with_the_chain
def test_a_chain_of_the_operators_counts_as_well(host: Host) -> None:
    led = moved(host).inserted(("ip", "filter", "mine"), CLOSED).inserted(USER, "-j mine")
    assert len(list(check(led.scene()))) == 1


@with_the_chain
def test_a_deleted_jump_is_found(host: Host, sentence: Any) -> None:
    damaged = host.without(host.forward(), "-j DOCKER-USER").inserted(USER, CLOSED)
    assert list(check(damaged.scene())) == [drift(KIND, "warning", subject(chain="FORWARD"), sentence)]


@with_the_chain
def test_a_flushed_forward_lets_through_what_its_policy_lets_through(host: Host, sentence: Any) -> None:
    flushed = host.without(host.forward()).inserted(USER, CLOSED)
    assert [found.detail for found in check(flushed.with_policy(host.forward(), "ACCEPT").scene())] == [sentence]
    assert list(check(flushed.with_policy(host.forward(), "DROP").scene())) == []


@with_the_chain
@pytest.mark.parametrize("rule", ["-j ACCEPT", "-i eth0 -j ACCEPT", "-i eth0 -o br-front -j ACCEPT"])
def test_a_rule_that_accepts_everything_first_is_found(host: Host, rule: str) -> None:
    damaged = host.inserted(USER, "-i eth0 -j DROP").inserted(host.forward(), rule)
    assert [found.kind for found in check(damaged.scene())] == [KIND]


@with_the_chain
@pytest.mark.parametrize(
    "rule",
    [
        "-p tcp -m tcp --dport 80 -j ACCEPT",
        "-s 198.51.100.0/24 -j ACCEPT",
        "-d 172.18.0.2 -j ACCEPT",
        "-i wg0 -j ACCEPT",
    ],
)
def test_an_exception_of_the_operators_is_none(host: Host, rule: str) -> None:
    damaged = host.inserted(USER, f"-i eth0 {CLOSED}").inserted(host.forward(), rule)
    assert list(check(damaged.scene())) == []


@with_the_chain
def test_a_jump_with_conditions_is_the_operators_own(host: Host) -> None:
    led = host.without(host.forward(), "-j DOCKER-USER").inserted(host.forward(), "-i eth0 -j DOCKER-USER")
    assert list(check(led.inserted(USER, "-j DROP").scene())) == []


@with_the_chain
def test_what_is_dropped_elsewhere_is_not_open(host: Host) -> None:
    damaged = moved(host).inserted(USER, CLOSED).inserted(host.forward(), "-j DROP")
    assert list(check(damaged.scene())) == []


def test_the_families_are_kept_apart() -> None:
    user, forward = ("ip6", "filter", "DOCKER-USER"), NEW.forward("ip6")
    closed = NEW.inserted(user, CLOSED)
    assert list(check(closed.scene())) == []
    damaged = closed.without(forward, "-j DOCKER-USER").inserted(forward, "-j DOCKER-USER", at=-1)
    assert [about(found) for found in check(damaged.scene())] == [subject(family="ip6", chain="FORWARD")]
