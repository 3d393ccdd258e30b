"""A rule as its tool writes it."""

import pytest

from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    EQUAL,
    FAMILY,
    IIF,
    IN,
    INET,
    IP,
    IP6,
    JOINED,
    MAP,
    ORIGINAL_DST,
    PROTOCOL,
    SRC,
    TCP_FLAGS,
    UNEQUAL,
    Condition,
    Rule,
)
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


ULA, ALL_IPV6 = number_of("fd00::1"), (1 << 128) - 1
FIRST, LAST = number_of("10.0.0.1"), number_of("10.0.0.9")
OF_IPV6 = Condition(FAMILY, EQUAL, IP6)


@pytest.mark.parametrize(
    ("family", "conditions", "text"),
    [
        (IP6, (Condition(SRC, EQUAL, (ULA, ALL_IPV6)),), "ip6 saddr fd00::1 drop"),
        (IP6, (Condition(DST, IN, "known"),), "ip6 daddr @known drop"),
        (IP6, (Condition(ORIGINAL_DST, UNEQUAL, (ULA, ALL_IPV6)),), "ct original ip6 daddr != fd00::1 drop"),
        (IP6, (Condition(IIF, EQUAL, "ip6"),), "iifname ip6 drop"),
        (INET, (OF_IPV6, Condition(SRC, IN, "known")), "meta nfproto ipv6 ip6 saddr @known drop"),
        (INET, (OF_IPV6, Condition(SRC, IN, ((1, 2),))), "meta nfproto ipv6 ip6 saddr ::1-::2 drop"),
        (INET, (Condition(FAMILY, UNEQUAL, IP6),), "meta nfproto != ipv6 drop"),
        (INET, (Condition(SRC, IN, ((FIRST, LAST),)),), "ip saddr 10.0.0.1-10.0.0.9 drop"),
        # A rule that compares no version of IP, as nft(8) writes none:
        (INET, (Condition(SRC, IN, ((ULA, ULA + 1),)),), "ip saddr fd00::1-fd00::2 drop"),
    ],
)
def test_addresses_are_named_by_the_version_of_ip(family: str, conditions: tuple[Condition, ...], text: str) -> None:
    assert rule_text(Rule(family, "t", "c", conditions=conditions, target="DROP")) == text


@pytest.mark.parametrize(("family", "address"), [(IP, "ip daddr"), (IP6, "ip6 daddr")])
def test_all_keys_of_a_map_are_named(family: str, address: str) -> None:
    by = JOINED.join((DST, PROTOCOL, DPORT))
    keys = f"{address} . meta l4proto . th dport"
    assert rule_text(Rule(family, "t", "c", target=MAP, to="m", by=by)) == f"{keys} vmap @m"
    assert rule_text(Rule(family, "t", "c", target="DNAT", to="m", by=by)) == f"dnat to {keys} map @m"
