"""Rules of the host that drop ICMPv6 or ARP: neighbours are not found."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.path import OK, Path, Step
from exporter.core.nat.ruleset import ARP, EQUAL, FAMILY, IP, IP6, Base, Condition, Rule
from exporter.core.reach.context import ReachContext
from exporter.core.reach.uplinks import uplink_step
from tests.support.nat_hosts import NEW
from tests.support.reach_hosts import ReachHost
from tests.support.servers_end import added

STATEFUL = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
ICMPV6 = "-p ipv6-icmp -j ACCEPT"
DROPPED = ("filter", "unknown", "discovery_dropped")


def host(*lines: str, hook: str = "input", policy: str = "ACCEPT") -> ReachHost:
    """The host with a chain of ip6tables of its own."""
    return ReachHost(NEW.with_table((IP6, "filter", hook.upper()), Base(hook, policy, "filter", 0), *lines))


CASES: dict[str, tuple[ReachHost, list[tuple[str, str, str]]]] = {
    "no rules": (host(), []),
    "policy": (host(policy="DROP"), [DROPPED]),
    "established connections accepted": (host(STATEFUL, policy="DROP"), [DROPPED]),
    "ICMPv6 accepted": (host(STATEFUL, ICMPV6, policy="DROP"), []),
    "some types accepted": (host("-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT", policy="DROP"), []),
    "not sent": (host("-p ipv6-icmp -j DROP", hook="output"), [DROPPED]),
    "in the table raw": (
        ReachHost(
            NEW.with_table(
                (IP6, "raw", "PREROUTING"), Base("prerouting", "ACCEPT", "filter", -300), "-p ipv6-icmp -j DROP"
            )
        ),
        [DROPPED],
    ),
    "of another device": (host("-i eth9 -p ipv6-icmp -j DROP"), []),
    "TCP alone": (host("-p tcp -j DROP"), []),
}


@pytest.mark.parametrize(("host", "found"), CASES.values(), ids=CASES)
def test_clients_of_ipv6_find_the_host(host: ReachHost, found: list[tuple[str, str, str]], sentence: Any) -> None:
    path = Path("tcp", ("0.0.0.0", "::"), 8080, "web", 80, (Step("published", OK, "published"),))
    step = uplink_step(ReachContext(host.observation(), host._visit), path)
    assert ([(step.name, step.state, step.code)] if step else []) == found
    assert step is None or step.detail == sentence


def test_the_bridge_needs_it_for_a_container_with_an_address_of_ipv6() -> None:
    closed = host("-i br-front -p ipv6-icmp -j DROP")
    assert DROPPED in added(closed, addresses=("0.0.0.0", "::"))
    assert added(closed) == []


@pytest.mark.parametrize(
    ("hook", "policy", "of", "target", "found"),
    [
        ("input", "ACCEPT", ARP, "DROP", True),
        ("output", "DROP", IP, "ACCEPT", True),
        ("prerouting", "ACCEPT", ARP, "DROP", True),
        ("forward", "ACCEPT", ARP, "DROP", False),
        ("input", "ACCEPT", ARP, "ACCEPT", False),
        ("input", "ACCEPT", IP6, "DROP", False),
    ],
)
def test_the_host_finds_a_container_by_arp(hook: str, policy: str, of: str, target: str, *, found: bool) -> None:
    place = ("bridge", "guard", hook)
    rule = Rule(*place, target=target, conditions=(Condition(FAMILY, EQUAL, of),))
    bases = {**NEW.rules.bases, place: Base(hook, policy, "filter", 0)}
    rules = replace(NEW.rules, chains={**NEW.rules.chains, place: (rule,)}, bases=bases)
    assert (DROPPED in added(ReachHost(NEW.with_rules(rules)))) == found


@pytest.mark.parametrize(("of", "found"), [(ARP, True), (IP6, False)])
def test_rules_of_netdev_at_the_containers_port_that_drop_arp(of: str, *, found: bool) -> None:
    place = ("netdev", "t", "c")
    rule = Rule(*place, target="DROP", conditions=(Condition(FAMILY, EQUAL, of),))
    bases = {**NEW.rules.bases, place: Base("ingress", "ACCEPT", devices=("veth-web",))}
    rules = replace(NEW.rules, chains={**NEW.rules.chains, place: (rule,)}, bases=bases)
    guarded = ReachHost(NEW.with_rules(rules))
    assert (DROPPED in added(guarded)) == found
    assert (DROPPED in guarded.faults("172.18.0.2:80")) == found
