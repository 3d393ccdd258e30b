"""IPsec policies on the way of a connection: named where they cover it, silent where they do not."""

from typing import Any

import pytest

from exporter.core.model.ipsec import IpsecPolicy
from tests.support.reach_hosts import ReachHost

TARGET, OUTSIDE = "172.18.0.2:80", "192.0.2.1:443"
BLOCK = IpsecPolicy("out", "172.18.0.0/16", "172.18.0.0/16", "block")
AWAY = IpsecPolicy("out", "172.18.0.0/16", "192.0.2.0/24", "transform")
BACK = IpsecPolicy("in", "192.0.2.0/24", "172.18.0.0/16", "transform")
SITE = IpsecPolicy("out", "172.18.0.0/16", "10.200.0.0/16", "transform")
SIX = IpsecPolicy("out", "::/0", "::/0", "block")
INSIDE, FILTER = ("inside", "unknown", "rule_not_understood"), ("filter", "unknown", "rule_not_understood")
CASES = {
    "of the client": (ReachHost().view("client", ipsec=(BLOCK,)), TARGET, [INSIDE]),
    "of the server": (ReachHost().view("web", ipsec=(BLOCK,)), TARGET, [INSIDE]),
    "of the host, on one bridge": (ReachHost().view("", ipsec=(BLOCK,)), TARGET, []),
    "of the host, to the outside": (ReachHost().view("", ipsec=(AWAY,)), OUTSIDE, [FILTER]),
    "of the host, for the answers": (ReachHost().view("", ipsec=(BACK,)), OUTSIDE, [FILTER]),
    "to another site": (ReachHost().view("", ipsec=(SITE,)).view("client", ipsec=(SITE,)), OUTSIDE, []),
    "of IPv6": (ReachHost().view("", ipsec=(SIX,)).view("client", ipsec=(SIX,)), OUTSIDE, []),
}


@pytest.mark.parametrize(("host", "target", "found"), CASES.values(), ids=CASES)
def test_a_policy_that_covers_the_connection_is_named(
    host: ReachHost, target: str, found: list[tuple[str, str, str]], sentence: Any
) -> None:
    assert host.faults(target) == found
    for step in host.path(target).steps:
        assert step.state == "ok" or step.detail == sentence


def test_an_address_that_failed_duplicate_address_detection_is_not_used(sentence: Any) -> None:
    host = ReachHost().device("web", "eth0", duplicates=frozenset({"fd00:18::2"}))
    [step] = [step for step in host.path("[fd00:18::2]:80").steps if step.state != "ok"]
    assert (step.state, step.code, step.detail) == ("failed", "container_address_lost", sentence)
    assert host.faults(TARGET) == []


SERVER_SIX = "[fd00:18::2]:80"
ICMP = {
    "dropped by the server": ("web", ":INPUT ACCEPT\n-A INPUT -p ipv6-icmp -j DROP", ["container_rule"]),
    "dropped by the client": ("client", ":INPUT ACCEPT\n-A INPUT -p ipv6-icmp -j DROP", ["container_rule"]),
    "dropped on its way out": ("client", ":OUTPUT ACCEPT\n-A OUTPUT -p ipv6-icmp -j DROP", ["container_rule"]),
    "of a type dropped": ("web", ":INPUT ACCEPT\n-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j DROP", []),
    "let through": ("web", ":INPUT DROP\n-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -p tcp -j ACCEPT", []),
}


@pytest.mark.parametrize(("name", "rules", "codes"), ICMP.values(), ids=ICMP)
def test_neighbour_discovery_that_a_container_drops(name: str, rules: str, codes: list[str], sentence: Any) -> None:
    host = ReachHost().own_rules(name, rules, family="ip6")
    found = [step for step in host.path(SERVER_SIX).steps if step.state != "ok"]
    assert [step.code for step in found] == codes
    assert [step.detail for step in found] == [sentence for _ in codes]
    assert host.faults(TARGET) == []
