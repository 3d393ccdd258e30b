"""The host's rules for packets between two containers of one bridge."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.core.model.fib import RouteResult
from exporter.core.nat.ruleset import ARP, EQUAL, FAMILY, IP, IP6, Base, Condition, Rule
from exporter.core.reach.answer import ReachPath
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, OWN_TABLES, Host
from tests.support.reach_hosts import ReachHost

TARGET = "172.18.0.2:80"
USER = ("ip", "filter", "DOCKER-USER")
FORWARD = ("ip", "filter", "FORWARD")
OFF = frozenset[int]()
EVERY_KIND = pytest.mark.parametrize("rules", [OLD, NEW, OWN_TABLES], ids=str)


def steps(path: ReachPath) -> list[tuple[str, str]]:
    return [(s.name, s.state) for s in path.steps]


def with_chain(family: str, hook: str, devices: tuple[str, ...] = (), line: str = "-j DROP") -> Host:
    return NEW.with_table((family, "t", "c"), Base(hook, "ACCEPT", devices=devices), line)


@EVERY_KIND
def test_an_ordinary_way_is_reachable_step_by_step(rules: Host, sentence: Any) -> None:
    path = ReachHost(rules).path(TARGET)
    assert steps(path) == [(name, "ok") for name in ("route", "link", "filter", "listener", "mtu")]
    assert all(step.detail == sentence for step in path.steps)


@pytest.mark.parametrize("rules", BOTH_FAMILIES, ids=str)
def test_ipv6_goes_by_its_own_rules(rules: Host) -> None:
    assert ReachHost(rules).path("[fd00:18::2]:80").verdict == "reachable"


ITSELF = "-i br-front -o br-front -j DROP"
CASES: dict[str, tuple[ReachHost, str, str]] = {
    "operator's rule": (ReachHost(OLD.inserted(USER, "-p tcp --dport 80 -j DROP")), "blocked", "operator_rule"),
    "operator's reject": (ReachHost(OLD.inserted(USER, "-s 172.18.0.3 -j REJECT")), "blocked", "operator_rule"),
    "answers": (ReachHost(OLD.inserted(USER, "-p tcp --sport 80 -j DROP")), "blocked", "operator_rule"),
    "another rule": (ReachHost(OLD.inserted(FORWARD, "-p tcp --dport 80 -j DROP")), "failed", "drop_rule"),
    "enable_icc=false": (
        ReachHost(OLD.with_options("front", icc=False).inserted(FORWARD, ITSELF)), "failed", "icc_disabled"
    ),
    "from a bridge to itself": (ReachHost(OLD.inserted(FORWARD, ITSELF)), "failed", "drop_rule"),
    "policy": (ReachHost(OLD.without(FORWARD)), "failed", "drop_rule"),
    "not understood": (
        ReachHost(OLD.inserted(USER, "-p tcp -m string --string x -j DROP")), "unknown", "rule_not_understood"
    ),
    "some packets": (
        ReachHost(OLD.inserted(USER, "-p tcp --sport 32768:40000 -j DROP")), "unknown", "rule_not_understood"
    ),
    "family bridge": (ReachHost(with_chain("bridge", "forward")), "unknown", "rule_not_understood"),
    "netdev at a port": (
        ReachHost(with_chain("netdev", "ingress", ("veth-web",))), "unknown", "rule_not_understood"
    ),
    "translated": (
        ReachHost(OLD.inserted(("ip", "nat", "PREROUTING"), "-d 172.18.0.2 -j DNAT --to-destination 172.18.0.9")),
        "unknown", "target_unknown",
    ),
    "perhaps translated": (
        ReachHost(
            OLD.inserted(("ip", "nat", "PREROUTING"), "-m string --string x -j DNAT --to-destination 172.18.0.9")
        ).view("web", listeners=()),
        "unknown", "rule_not_understood",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("host", "state", "code"), CASES.values(), ids=CASES)
def test_a_rule_of_the_host(host: ReachHost, state: str, code: str, sentence: Any) -> None:
    assert host.faults(TARGET) == [("filter", state, code)]
    [step] = [s for s in host.path(TARGET).steps if s.state != "ok"]
    assert (step.detail, step.remedy) == (sentence, sentence)


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("family bridge", "netdev at a port")])
def test_without_br_netfilter_none_of_them_matters(name: str) -> None:
    host, _, _ = CASES[name]
    rules = ReachHost(host.rules).view("", bridge_filter=OFF)
    assert (rules.faults(TARGET), rules.path(TARGET).verdict) == ([], "reachable")


@pytest.mark.parametrize("name", ["family bridge", "netdev at a port"])
def test_chains_of_the_families_bridge_and_netdev_are_met_without_it(name: str) -> None:
    rules = ReachHost(CASES[name][0].rules).view("", bridge_filter=OFF)
    assert rules.faults(TARGET) == [("filter", "unknown", "rule_not_understood")]


def test_a_netdev_chain_at_another_device_changes_nothing() -> None:
    assert ReachHost(with_chain("netdev", "ingress", ("veth-db",))).faults(TARGET) == []


def test_the_switch_of_the_bridge_counts_like_that_of_the_namespace() -> None:
    dropped = OLD.inserted(USER, "-j DROP")
    host = ReachHost(dropped).view("", bridge_filter=OFF).device("", "br-front", filters=frozenset({4}))
    assert host.faults(TARGET) == [("filter", "blocked", "operator_rule")]
    other = ReachHost(dropped).view("", bridge_filter=frozenset({6}))
    assert other.faults(TARGET) == []


def test_rules_that_could_not_be_read_are_unknown() -> None:
    host = ReachHost()
    host.nat = {"reading": None}
    assert host.faults(TARGET) == [("filter", "unknown", "rules_unknown")]


WORDS = st.sampled_from(
    ["-p tcp", "-p udp", "-s 172.18.0.3", "-d 172.18.0.2", "-i br-front", "! -o br-front", "-m string --string x"]
)
TARGETS = st.sampled_from(["-j DROP", "-j ACCEPT", "-j REJECT", "-j RETURN", "-j DNAT --to-destination 172.18.0.9"])
PLACES = st.sampled_from([USER, FORWARD, ("ip", "filter", "DOCKER"), ("ip", "nat", "PREROUTING")])
LINES = st.lists(st.tuples(PLACES, st.lists(WORDS, max_size=2), TARGETS), max_size=5)


@given(LINES, st.sampled_from([OLD, NEW]), st.sampled_from(["ACCEPT", "DROP"]))
def test_with_br_netfilter_off_the_answer_is_the_same_whatever_the_rules_are(
    lines: list[tuple[tuple[str, str, str], list[str], str]], rules: Host, policy: str
) -> None:
    for place, words, target in lines:
        rules = rules.inserted(place, " ".join((*words, target)))
    host = ReachHost(rules.with_policy(FORWARD, policy)).view("", bridge_filter=OFF)
    assert (host.faults(TARGET), host.path(TARGET).verdict) == ([], "reachable")


def test_a_client_whose_source_address_is_of_another_network_gets_no_answer(sentence: Any) -> None:
    own, away = RouteResult("unicast", 7, source="10.99.0.2"), RouteResult("unicast", 7, "172.18.0.1")
    host = ReachHost().route("client", "172.18.0.2", own, protocol="tcp", port=80).route("client", "172.18.0.2", own)
    host.route("web", "10.99.0.2", away, "172.18.0.2")
    [step] = [step for step in host.path(TARGET).steps if step.state != "ok"]
    assert (step.name, step.state, step.code, step.detail) == ("back", "failed", "route_lost", sentence)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("-p ipv6-icmp -j DROP", True),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 136 -j DROP", True),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT", False),
        ("-p tcp --dport 81 -j DROP", False),
    ],
)
def test_rules_of_the_family_bridge_that_drop_what_finds_neighbours(line: str, sentence: Any, *, found: bool) -> None:
    rules = NEW.with_table(("bridge", "b", "forward"), Base("forward", "ACCEPT", "filter", 0), line)
    host = ReachHost(rules)
    expected = [("filter", "unknown", "discovery_dropped")] if found else []
    assert host.faults("[fd00:18::2]:80") == expected
    assert host.faults("172.18.0.2:80") == []
    assert not found or [s.detail for s in host.path("[fd00:18::2]:80").steps if s.state != "ok"] == [sentence]


@pytest.mark.parametrize(
    ("policy", "condition", "target", "found"),
    [
        ("ACCEPT", Condition(FAMILY, EQUAL, ARP), "DROP", True),
        ("DROP", Condition(FAMILY, EQUAL, IP), "ACCEPT", True),
        ("ACCEPT", Condition(FAMILY, EQUAL, ARP), "ACCEPT", False),
        ("ACCEPT", Condition(FAMILY, EQUAL, IP6), "DROP", False),
    ],
)
def test_rules_of_the_family_bridge_that_drop_arp(
    policy: str, condition: Condition, target: str, *, found: bool
) -> None:
    place = ("bridge", "b", "forward")
    rule = Rule(*place, target=target, conditions=(condition,))
    bases = {**NEW.rules.bases, place: Base("forward", policy, "filter", 0)}
    host = ReachHost(NEW.with_rules(replace(NEW.rules, chains={**NEW.rules.chains, place: (rule,)}, bases=bases)))
    assert host.faults("172.18.0.2:80") == ([("filter", "unknown", "discovery_dropped")] if found else [])
