"""How many rules there are."""

from collections import Counter

import pytest

from exporter.core.nat.attribution import Attribution
from exporter.core.nat.expected import Expected
from exporter.core.nat.published_history import PublishedHistory
from exporter.core.nat.rule_counts import RuleCounts, count
from exporter.core.nat.ruleset import GOTO, JUMP, MAP, Base
from exporter.kernel.firewall.iptables_legacy.reader import parse_tables
from tests.support.kernel.captured_rules import DOCKER_HOSTS, LEGACY, NFT, captured
from tests.support.nat_hosts import NEW, OLD, OWN_TABLES, Host, hosts
from tests.support.saved_rules import parse

every_host = pytest.mark.parametrize("host", hosts(), ids=str)


def counted(host: Host) -> RuleCounts:
    return count(host.rules, Attribution(host.expected(), PublishedHistory()))


@pytest.mark.parametrize("name", [name for name in DOCKER_HOSTS if name in NFT])
def test_every_rule_of_an_engine_is_counted_as_iptables_save_tells_it(name: str) -> None:
    rules = captured(name).generation().ruleset
    told: Counter[tuple[str, ...]] = Counter()
    for family in ("ip", "ip6"):
        for rule in parse(captured(name).saved(family), family).rules:
            told[*rule.place, rule.to if rule.target in (JUMP, GOTO) else rule.target] += 1
    assert count(rules, Attribution(Expected(), PublishedHistory())).rules == told


@pytest.mark.parametrize("name", LEGACY)
def test_of_a_legacy_table_too(name: str) -> None:
    found = count(parse_tables(list(captured(name).tables()))[0], Attribution(Expected(), PublishedHistory())).rules
    told = sum(len(parse(captured(name).saved(family), family).rules) for family in ("ip", "ip6"))
    assert sum(found.values()) == told


def test_rules_are_counted_by_chain_and_by_where_they_lead() -> None:
    found = counted(OLD).rules
    assert found["ip", "nat", "DOCKER", "DNAT"] == 5
    assert found["ip", "nat", "PREROUTING", "DOCKER"] == 1
    assert found["ip", "filter", "FORWARD", "DOCKER-USER"] == 1
    assert found["ip", "filter", "FORWARD", "ACCEPT"] == 12
    assert sum(found.values()) == sum(len(rules) for rules in OLD.rules.chains.values())


def test_in_dockers_own_tables_a_map_is_where_a_rule_leads() -> None:
    found = counted(OWN_TABLES).rules
    assert found["ip", "docker-bridges", "filter-FORWARD", "filter-forward-in-jumps"] == 1
    assert {target for *_, target in found} & {MAP, JUMP, GOTO} == set()


def test_chains_of_others_are_one() -> None:
    """Their names must not become labels, nor those of the chains that they lead to."""
    busy = OLD.inserted(("ip", "nat", "KUBE-X"), "-j RETURN")
    busy = busy.inserted(("ip", "nat", "KUBE-SERVICES"), "-j KUBE-X").inserted(("ip", "nat", "KUBE-Y"), "-g KUBE-X")
    busy = busy.inserted(("ip", "nat", "PREROUTING"), "-j KUBE-SERVICES")
    before, after = counted(OLD).rules, counted(busy).rules
    assert {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)} == {
        ("ip", "nat", "other", "RETURN"): 1,
        ("ip", "nat", "other", "other"): 2,
        ("ip", "nat", "PREROUTING", "other"): 1,
    }


@pytest.mark.parametrize(
    "place", [("inet", "filter", "forward"), ("ip", "mangle", "FORWARD"), ("ip", "firewall", "f"), ("ip6", "mine", "f")]
)
def test_tables_that_docker_does_not_write_to_are_not_counted(place: tuple[str, str, str]) -> None:
    strange = OLD.with_table(place, Base("forward", "ACCEPT"), "-j DROP")
    assert counted(strange) == counted(OLD)


@every_host
def test_rules_of_the_nat_tables_are_counted_by_network_and_container(host: Host) -> None:
    found = counted(host)
    assert found.networks["front", "MASQUERADE"] == len(host.families)
    assert found.networks["front", "DNAT"] == 2 + len(host.families)
    assert found.containers["web", "DNAT"] == 2 + len(host.families)
    assert found.containers["dns", "DNAT"] == 1
    assert "" not in {name for name, _ in (*found.networks, *found.containers)}


def test_hairpins_belong_to_their_container() -> None:
    assert counted(OLD).containers["web", "MASQUERADE"] == 3
    assert ("web", "MASQUERADE") not in counted(NEW).containers


USER = ("ip", "filter", "DOCKER-USER")


@pytest.mark.parametrize(
    ("host", "own"), [(OLD, {"ip": 0}), (NEW, {"ip": 0, "ip6": 0}), (OWN_TABLES, {})], ids=["20.10", "28", "native"]
)
def test_an_untouched_docker_user_holds_none_of_the_operators(host: Host, own: dict[str, int]) -> None:
    assert counted(host).user == own


@pytest.mark.parametrize(
    ("rules", "own"),
    [
        (("-s 198.51.100.0/24 -j DROP",), 1),
        (("-s 198.51.100.0/24 -j DROP", "-j RETURN"), 1),
        (("-s 198.51.100.0/24 -j RETURN",), 1),
        (("-j RETURN", "-j DROP"), 2),
        (("-j RETURN",), 0),
        ((), 0),
    ],
)
def test_the_return_at_its_end_is_dockers(rules: tuple[str, ...], own: int) -> None:
    user = OLD.without(USER)
    for text in rules:
        user = user.inserted(USER, text, at=-1)
    assert counted(user).user == {"ip": own}
