"""Docker 29.7.2 in nine modes: nothing is wrong with any as recorded, and what is planted is found."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from exporter.core.findings.rule import Input
from exporter.core.nat.engine_options import EngineOptions
from exporter.core.nat.rules import NAT_KINDS
from exporter.core.nat.ruleset import Base, Place, Ruleset
from tests.support.engine29_findings import found, seen
from tests.support.engine29_hosts import MODES, mode_host, options
from tests.support.nat_hosts import Host
from tests.support.saved_rules import rule

every_mode = pytest.mark.parametrize("mode", MODES)
OWN, OWN_PROXY_OFF, IPTABLES, IPTABLES_PROXY_OFF = "nftables", "nft-noproxy", "default", "noproxy"
both_backends = pytest.mark.parametrize("mode", [OWN, IPTABLES])
ELSEWHERE = "-p tcp --dport 8103 -j DNAT --to-destination 198.51.100.9:80"
BRIDGES = "docker-bridges"


def kinds(host: Host) -> set[tuple[str, str, str]]:
    """What is found, of which family, and how bad it is."""
    return {(one.kind, one.labels["family"], one.severity) for one in found(host)}


def without(host: Host, gone: Callable[[Place], bool]) -> Host:
    """The chains of some places deleted, and the maps with them."""
    rules = host.rules
    kept = Ruleset(
        {place: chain for place, chain in rules.chains.items() if not gone(place)},
        {place: base for place, base in rules.bases.items() if not gone(place)},
        {place: one for place, one in rules.maps.items() if not gone(place)},
        {place: one for place, one in rules.sets.items() if not gone(place)},
    )
    return host.with_rules(kept)


def bridge(host: Host, name: str) -> str:
    return next(network.bridge for network in host.inventory.networks.values() if network.name == name)


@every_mode
def test_a_host_as_recorded_shows_nothing(mode: str) -> None:
    view = seen(mode_host(mode), options(mode))
    assert (view.evaluation.findings, view.evaluation.evaluated) == ((), NAT_KINDS)
    assert view.backend == ("nftables" if mode.startswith("nft") else "iptables-nft")
    assert view.userland_proxy == ("false" if mode.endswith("noproxy") else "true")


@both_backends
@pytest.mark.parametrize("priority", [-110, -100])
def test_a_foreign_base_chain_before_dockers_takes_a_port(mode: str, priority: int) -> None:
    """Of equal priority the chain that was registered last comes first."""
    base = Base("prerouting", "ACCEPT", "nat", priority)
    assert ("wrong_dnat", "ip", "critical") in kinds(mode_host(mode).with_table(("ip", "mine", "p"), base, ELSEWHERE))


def test_the_nat_table_of_iptables_is_foreign_to_dockers_own_tables() -> None:
    place = ("ip", "nat", "PREROUTING")
    base = Base("prerouting", "ACCEPT", "nat", -100)
    assert kinds(mode_host(OWN).with_table(place, base, ELSEWHERE)) == {("wrong_dnat", "ip", "critical")}


@both_backends
def test_a_foreign_base_chain_behind_dockers_takes_nothing(mode: str) -> None:
    base = Base("prerouting", "ACCEPT", "nat", -90)
    assert kinds(mode_host(mode).with_table(("ip", "mine", "p"), base, ELSEWHERE)) == set()


@both_backends
def test_of_an_older_table_of_equal_priority_it_is_unknown_which_comes_first(mode: str) -> None:
    host = mode_host(mode)
    place = ("ip", "mine", "p")
    older = replace(
        host.rules,
        chains={place: (rule(place, ELSEWHERE),), **host.rules.chains},
        bases={place: Base("prerouting", "ACCEPT", "nat", -100), **host.rules.bases},
    )
    context = host.with_rules(older).scene()
    [binding] = [one for one in context.expected.bindings if one.host_port == 8103]
    arrival = context.way(binding).arrival
    assert [(one.base, one.address) for one in arrival.unclear] == [(place, "198.51.100.9")]
    assert kinds(host.with_rules(older)) == set()


def test_the_raw_drops_keep_networks_apart_alone() -> None:
    host = mode_host(OWN)
    chain = ("ip", BRIDGES, f"filter-forward-in__{bridge(host, 'front')}")
    lost = host.without(chain, "-j DROP")
    assert kinds(lost) == set()
    assert kinds(lost.without(("ip", BRIDGES, "raw-PREROUTING"))) == {("isolation_lost", "ip", "warning")}


@every_mode
def test_rules_that_were_flushed_before_the_start_are_missed_for_each_family_that_is_written(mode: str) -> None:
    host = mode_host(mode)
    assert {one for one in kinds(without(host, lambda _: True)) if one[0] == "missing_chain"} == {
        ("missing_chain", family, "critical") for family in host.families
    }


@both_backends
@pytest.mark.parametrize("family", ["ip", "ip6"])
def test_the_rules_of_one_family_are_missed_while_the_others_stand(mode: str, family: str) -> None:
    left = without(mode_host(mode), lambda place: place[0] == family)
    missed = [one for one in found(left) if one.kind == "missing_chain"]
    assert {one.labels["family"] for one in missed} == {family}
    assert {one.labels["chain"] for one in missed} == {place[2] for place in left.layout.required(family)}


@both_backends
@pytest.mark.parametrize("family", ["ip", ""])
def test_what_29_says_of_its_backend_proves_no_rules_of_ipv4(mode: str, family: str) -> None:
    """It names one even where both families are off: without the engine's options it stays open, and is not fine."""
    left = without(mode_host(mode), lambda place: family in ("", place[0]))
    assert seen(left).evaluation.missing == (Input.RULE_SETTING,)


def test_an_engine_that_writes_no_rules_at_all_has_none_to_miss() -> None:
    left = without(mode_host(IPTABLES), lambda _: True)
    assert seen(left, EngineOptions(iptables=False, ip6tables=False)).evaluation.missing == (Input.DOCKER_RULES,)


@pytest.mark.parametrize(
    ("mode", "name", "severity"),
    [
        (OWN, "filter-forward-in-jumps", "warning"),
        (OWN, "filter-forward-out-jumps", "info"),
        (OWN, "nat-postrouting-in-jumps", "info"),
        (OWN_PROXY_OFF, "nat-postrouting-in-jumps", "warning"),
        (OWN, "nat-postrouting-out-jumps", "critical"),
    ],
)
@pytest.mark.parametrize("flushed", [False, True], ids=["one element", "the whole map"])
def test_a_missing_element_is_as_bad_as_what_breaks(mode: str, name: str, severity: str, *, flushed: bool) -> None:
    host, place = mode_host(mode), ("ip", BRIDGES, name)
    if flushed:
        left = {where: content for where, content in host.rules.maps.items() if where != place}
        lost = host.with_rules(replace(host.rules, maps=left, sets={**host.rules.sets, place: ()}))
    else:
        lost = host.without_element(place, "docker0")
    assert [
        one.severity for one in found(lost) if one.kind == "missing_jump" and one.labels["network"] == "bridge"
    ] == [severity]


def test_a_map_whose_content_is_not_known_lacks_nothing() -> None:
    host, place = mode_host(OWN), ("ip", BRIDGES, "filter-forward-in-jumps")
    unread = replace(host.rules, maps={where: one for where, one in host.rules.maps.items() if where != place})
    assert "missing_jump" not in {one.kind for one in found(host.with_rules(unread))}


@pytest.mark.parametrize(("one", "other"), [(OWN, IPTABLES), (OWN_PROXY_OFF, IPTABLES_PROXY_OFF)])
def test_nat_rules_are_counted_alike_on_both_backends(one: str, other: str) -> None:
    """Without docker-proxy one backend masquerades what the host sends into a network once, the other for each port."""
    views = [seen(mode_host(mode)).counts for mode in (one, other)]
    assert views[0].containers == views[1].containers
    networks = [{key: n for key, n in view.networks.items() if key[1] == "DNAT"} for view in views]
    assert networks[0] == networks[1]
    assert {target for _, target in views[0].networks} == {"DNAT", "MASQUERADE"}


def test_a_networks_chains_are_labelled_by_what_they_have_in_common() -> None:
    counts = seen(mode_host(OWN)).counts.rules
    assert counts["ip", BRIDGES, "filter-forward-in", "DROP"] == 4
    assert counts["ip", BRIDGES, "nat-postrouting-out", "MASQUERADE"] == 3
    assert not [key for key in counts if "__" in "".join(key)]
