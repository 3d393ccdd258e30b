"""A rule as its tool writes it."""

import pytest

from exporter.core.nat.ruleset import EQUAL, IN, IP, TCP_FLAGS, UNEQUAL, Condition, Rule
from exporter.core.nat.walk.rule_text import rule_text

SYN, SYN_ACK, ALL = 2, 18, 63


@pytest.mark.parametrize(
    ("table", "condition", "text"),
    [
        ("filter", Condition(TCP_FLAGS, EQUAL, (SYN, SYN_ACK)), "--tcp-flags SYN,ACK SYN -j DROP"),
        ("filter", Condition(TCP_FLAGS, UNEQUAL, (SYN, SYN_ACK)), "! --tcp-flags SYN,ACK SYN -j DROP"),
        ("filter", Condition(TCP_FLAGS, EQUAL, (0, ALL)), "--tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP"),
        ("t", Condition(TCP_FLAGS, EQUAL, (SYN, SYN_ACK)), "tcp flags syn / syn,ack drop"),
        ("t", Condition(TCP_FLAGS, UNEQUAL, (0, SYN_ACK)), "tcp flags != 0 / syn,ack drop"),
        ("t", Condition(TCP_FLAGS, IN, "flags"), "tcp flags @flags drop"),
    ],
)
def test_flags_of_tcp_are_named(table: str, condition: Condition, text: str) -> None:
    assert rule_text(Rule(IP, table, "c", conditions=(condition,), target="DROP")) == text
