"""Jumps that no packet gets to."""

from typing import Any

import pytest

from exporter.core.nat.rules.unreachable_jump import KIND, check
from tests.support.nat_hosts import ALL_PORTS, BOTH_FAMILIES, Host, about, drift, hosts, subject

every_host = pytest.mark.parametrize("host", hosts(), ids=str)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
@pytest.mark.parametrize("target", ["ACCEPT", "DROP", "RETURN"])
def test_a_rule_before_it_ends_the_way(host: Host, target: str, sentence: Any) -> None:
    chain, _entry = host.layout.prerouting, host.layout.entry
    damaged = host.inserted(host.prerouting(), f"-j {target}")
    assert list(check(damaged.scene())) == [drift(KIND, "critical", subject(chain=chain), sentence)]
    assert [found.severity for found in check(damaged.scene(proxied=ALL_PORTS))] == ["warning"]


@every_host
def test_a_chain_of_another_firewall_that_accepts_ends_it_too(host: Host, sentence: Any) -> None:
    """As firewalld's iptables backend does."""
    family, table, _ = host.prerouting()
    led = host.inserted((family, table, "PREROUTING_dispatch"), "-j ACCEPT")
    [found] = check(led.inserted(host.prerouting(), "-j PREROUTING_dispatch").scene())
    assert (found.labels["chain"], found.detail) == (host.layout.prerouting, sentence)


@every_host
@pytest.mark.parametrize(
    "rule",
    [
        "-i eth9 -j ACCEPT",
        "-s 198.51.100.0/24 -j ACCEPT",
        "-i docker0 -j ACCEPT",
        "-m limit --limit 1/sec -j ACCEPT",
        "-m limit --limit 1/sec -j RETURN",
        "-j LOG",
    ],
)
def test_what_ends_the_way_of_some_only_is_none(host: Host, rule: str) -> None:
    assert list(check(host.inserted(host.prerouting(), rule).scene())) == []


@every_host
def test_behind_the_jump_anything_may_stand(host: Host) -> None:
    assert list(check(host.inserted(host.prerouting(), "-j ACCEPT", at=-1).scene())) == []


@every_host
def test_without_the_jump_that_is_told_alone(host: Host) -> None:
    damaged = host.without(host.prerouting(), "-m addrtype --dst-type LOCAL").inserted(host.prerouting(), "-j ACCEPT")
    assert list(check(damaged.scene())) == []


@every_host
def test_one_port_that_is_accepted_before_it_is_told(host: Host) -> None:
    damaged = host.inserted(host.prerouting(), "-p udp -m udp --dport 53 -j ACCEPT")
    assert [about(found) for found in check(damaged.scene())] == [subject(chain=host.layout.prerouting)]


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    damaged = host.inserted(host.prerouting("ip6"), "-j ACCEPT")
    assert [about(found) for found in check(damaged.scene())] == [subject(family="ip6", chain=host.layout.prerouting)]
