"""The flags of a connection's first packet, also where it is not tracked: in the raw table and behind NOTRACK."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.nat.ruleset import UNTRACKED, Base, Effect
from tests.support.nat_hosts import NEW, Host

RAW, INPUT = ("ip", "raw", "PREROUTING"), ("ip", "filter", "INPUT")
BEFORE = Base("prerouting", "ACCEPT", "filter", -300)
SYN = "-p tcp -m tcp --dport 8080 --tcp-flags FIN,SYN,RST,ACK SYN"


def dropped(host: Host) -> bool:
    """Whether a client's packets to port 8080 are dropped for certain."""
    context = host.scene()
    [binding] = [b for b in context.expected.bindings if (b.protocol, b.host_port) == ("tcp", 8080)][:1]
    return context.way(binding).end is not None


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (f"{SYN} -j DROP", True),
        (f"{SYN.replace('8080', '8081')} -j DROP", False),
        ("-p tcp -m tcp --dport 8080 --tcp-flags FIN,SYN FIN,SYN -j DROP", False),
        ("-p tcp -m tcp --dport 8080 -m conntrack --ctstate NEW -j DROP", False),
    ],
)
def test_a_first_packet_in_raw(rule: str, found: Any) -> None:
    assert dropped(NEW.with_table(RAW, BEFORE, rule)) is found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (f"{SYN} -j DROP", True),
        ("-p tcp -m tcp --dport 8080 -m conntrack --ctstate UNTRACKED -j DROP", True),
        ("-p tcp -m tcp --dport 8080 -m conntrack --ctstate NEW -j DROP", False),
    ],
)
def test_a_first_packet_that_is_not_tracked(rule: str, found: Any) -> None:
    host = NEW.with_table(RAW, BEFORE, SYN)
    [syn] = host.rules.chains[RAW]
    exempt = replace(syn, effects=(Effect(UNTRACKED, behind=len(syn.conditions)),))
    host = host.with_rules(replace(host.rules, chains={**host.rules.chains, RAW: (exempt,)}))
    assert dropped(host.with_table(INPUT, Base("input", "ACCEPT", "filter", 0), rule)) is found
