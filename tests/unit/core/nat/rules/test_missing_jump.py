"""The way into Docker's chains."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.findings.finding import Severity
from exporter.core.nat.rules.missing_jump import KIND, check
from tests.support.builders import network
from tests.support.nat_hosts import ALL_PORTS, BOTH_FAMILIES, NEW, OLD, OWN_TABLES, Host, about, drift, hosts, subject

every_host = pytest.mark.parametrize("host", hosts(), ids=str)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
@pytest.mark.parametrize(
    ("proxied", "severity"), [((), "critical"), (ALL_PORTS[1:], "critical"), (ALL_PORTS, "warning")]
)
def test_without_the_jump_of_prerouting_nobody_outside_gets_in(
    host: Host, proxied: tuple[tuple[str, int], ...], severity: Severity, sentence: Any
) -> None:
    damaged = host.without(host.prerouting(), "-m addrtype --dst-type LOCAL")
    chain = host.layout.prerouting
    assert list(check(damaged.scene(proxied=proxied))) == [drift(KIND, severity, subject(chain=chain), sentence)]


@every_host
def test_without_the_jump_of_output_only_the_host_itself_is_left_out(host: Host) -> None:
    chain = host.layout.output
    damaged = host.without(host.layout.nat_place("ip", chain), "-m addrtype --dst-type LOCAL")
    [found] = check(damaged.scene())
    assert (found.severity, about(found)) == ("warning", subject(chain=chain))


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    damaged = host.without(host.prerouting("ip6"), "-m addrtype --dst-type LOCAL")
    assert [about(found) for found in check(damaged.scene())] == [subject(family="ip6", chain=host.layout.prerouting)]


@every_host
def test_while_a_chain_is_missing_that_is_told_alone(host: Host) -> None:
    assert list(check(host.without_chain(host.prerouting()).scene())) == []
    assert list(check(host.without_chain(host.entry()).scene())) == []


def test_before_28_each_network_has_a_jump_of_forward(sentence: Any) -> None:
    assert list(check(OLD.without(OLD.forward(), "-o br-front -j DOCKER").scene())) == [
        drift(
            KIND,
            "critical",
            subject(chain="FORWARD", network="front"),
            sentence,
        )
    ]


def test_an_internal_network_has_none() -> None:
    assert "br-back" not in {rule.value("oif") for rule in OLD.rules.chains[OLD.forward()] if rule.to == "DOCKER"}
    assert list(check(OLD.scene())) == []


def test_of_a_flushed_forward_every_network_is_told() -> None:
    found = list(check(OLD.without(OLD.forward()).scene()))
    assert [one.labels["network"] for one in found] == ["front", "open", "quiet", "bridge"]


def test_a_jump_for_all_bridges_at_once_is_one_for_each() -> None:
    """28.0 asks a set of addresses in place of each bridge."""
    kept = OLD.without(OLD.forward(), "-j DOCKER")
    set_of_bridges = "-m set --match-set docker-ext-bridges-v4 dst -j DOCKER"
    assert list(check(kept.inserted(OLD.forward(), set_of_bridges).scene())) == []


def test_since_28_one_jump_of_forward_leads_to_all(sentence: Any) -> None:
    assert list(check(NEW.without(NEW.forward(), "-j DOCKER-FORWARD").scene())) == [
        drift(
            KIND,
            "critical",
            subject(chain="FORWARD"),
            sentence,
        )
    ]


@pytest.mark.parametrize(
    ("name", "chain", "severity"),
    [
        ("filter-forward-in-jumps", "filter-FORWARD", "warning"),
        ("filter-forward-out-jumps", "filter-FORWARD", "info"),
        ("nat-postrouting-in-jumps", "nat-POSTROUTING", "info"),
        ("nat-postrouting-out-jumps", "nat-POSTROUTING", "critical"),
    ],
)
def test_a_network_without_its_element_in_a_map_of_dockers_own_tables_is_told(
    name: str, chain: str, severity: Severity, sentence: Any
) -> None:
    lost = OWN_TABLES.without_element(("ip", "docker-bridges", name), "br-front")
    assert list(check(lost.scene())) == [
        drift(
            KIND,
            severity,
            subject(chain=chain, network="front"),
            sentence,
        )
    ]


def test_a_base_chain_that_asks_no_map_leads_to_no_network() -> None:
    damaged = OWN_TABLES.without(("ip", "docker-bridges", "nat-POSTROUTING"))
    assert [(found.labels["chain"], found.labels["network"]) for found in check(damaged.scene())] == [
        ("nat-POSTROUTING", ""),
        ("nat-POSTROUTING", ""),
    ]


def test_a_network_that_is_in_no_map_is_told_for_each_chain() -> None:
    late = OWN_TABLES.with_inventory(network("late", subnet="172.30.0.0/16"))
    assert {(found.labels["network"], found.labels["chain"]) for found in check(late.scene())} == {
        ("late", "filter-FORWARD"),
        ("late", "nat-POSTROUTING"),
    }


def test_a_map_that_holds_more_than_chains_says_nothing() -> None:
    maps = {place: found for place, found in OWN_TABLES.rules.maps.items() if place[2] != "nat-postrouting-out-jumps"}
    unread = OWN_TABLES.with_rules(replace(OWN_TABLES.rules, maps=maps))
    assert list(check(unread.scene())) == []
