"""What a real kernel told of rules, decoded, against what iptables-save told of the same moment."""

from collections import Counter

import pytest

from exporter.core.nat.ruleset import UNKNOWN, Condition, Rule
from exporter.kernel.firewall.nftables.reader import packets_of, parse_rule
from tests.support.kernel.captured_rules import DOCKER_HOSTS, LEGACY, NFT, Capture, captured
from tests.support.kernel.rule_text import lines, said, written
from tests.support.saved_rules import parse

IPTABLES = tuple(name for name in NFT if name not in ("native", "foreign"))
# What is not understood of iptables.v4 and iptables.v6, whichever iptables wrote it.
NOT_UNDERSTOOD = """
    protocol == icmp, ?icmp ACCEPT
    ?limit ACCEPT
    ?addrtype DROP
    ?bitwise DROP
    protocol == ipv6-icmp, ?icmp6 ACCEPT
    ?tos DROP"""
FOREIGN = {
    "ip short-prefixes": """
        src == 10.0.0.0/8 DROP
        dst == 172.16.0.0/12 DROP
        src == 192.168.16.0/20, dst == 192.0.2.0/24 DROP
        dst == 198.51.0.0/16 ACCEPT
        src != 10.0.0.0/8 ACCEPT""",
    "ip merged": """
        protocol == tcp, sport == 1-1, dport == 2-2 DROP
        src == 192.0.2.1/32, dst == 192.0.2.2/32 DROP
        protocol == tcp, sport == 1-1, dport != 2-2 DROP
        src == 192.0.2.1/32, protocol == tcp DROP""",
    "ip ports": """
        protocol == tcp, dport == 80-65535, dport == 0-90 ACCEPT
        protocol == tcp, dport != 80-80 ACCEPT
        protocol == tcp, dport != 80-90 ACCEPT
        protocol == tcp, dport in __set0 ACCEPT
        dport == 53-53 ACCEPT
        protocol == udp, sport == 53-53 ACCEPT
        protocol == tcp, dport == 0-1023 ACCEPT
        protocol == tcp, tcp_flags != 0-2, dport == 22-22 ACCEPT
        protocol == udp, ?payload DROP
        protocol in __set1, dport == 53-53 ACCEPT
        protocol == icmp ACCEPT
        protocol == icmp, ?payload ACCEPT""",
    "ip interfaces": """
        iif == eth* DROP
        oif != br-* DROP
        iif in __set2 ACCEPT
        iif_index == 1 ACCEPT
        iif == a-name-of-15-by ACCEPT
        iifgroup == 1-4294967295 ACCEPT""",
    "ip states": """
        ctstate == 6 ACCEPT
        ctstate == 1 DROP
        ctstate == 8, ct_direction == 0 ACCEPT
        MAP __map0 ctstate
        ctstate == 128 ACCEPT
        ct_mark == 1-4294967295 ACCEPT
        ctstate != 2 DROP
        ctstate in __set3 ACCEPT""",
    "ip limited": """
        ?limit ACCEPT
        src in trusted ACCEPT
        protocol == tcp, src . dport in pairs ACCEPT
        mark == 1-4294967295 ACCEPT
        ?quota DROP
        ?numgen, ?numgen DROP
        src_type == 4 DROP
        ?fib ACCEPT
        rpfilter == False DROP
        ?payload DROP
        ?socket, ?socket ACCEPT
        ?rt, ?rt ACCEPT""",
    "ip passing": """
        -
        -
        -
        -
        -
        - 'a remark'
        REJECT
        GOTO target
        JUMP other
        RETURN
        CONTINUE""",
    "ip translated": """
        MASQUERADE
        protocol == tcp, sport == 1-1 MASQUERADE
        protocol == tcp, dport == 80-80 REDIRECT :8080
        SNAT 192.0.2.10:0
        protocol == tcp, sport == 1-1 SNAT 192.0.2.10:1024
        DNAT 172.18.0.2:0
        protocol == tcp, dport == 80-80 DNAT 172.18.0.2:8080
        protocol == tcp, dport == 81-81, ?nat DNAT 172.18.0.2:0
        protocol == tcp, dport in services DNAT services dport
        protocol == tcp, dport == 82-82, ?hash, ?hash, ?nat DNAT""",
    "ip6 short-prefixes": """
        src == fd00::/8 DROP
        dst == fe80::/10 DROP
        src == 2001:db8::/32, dst == 2001:db8::1/128 DROP
        src == 2001:db8::1/128, dst == 2001:db8::2/128 DROP
        protocol == tcp ACCEPT""",
    "inet f": """
        ctstate == 6 ACCEPT
        nfproto == ip ACCEPT
        nfproto == ip, src == 10.0.0.0/8 ACCEPT
        nfproto == ip6, src == fd00::/8 ACCEPT
        iif == docker0, protocol == tcp, dport == 22-22 DROP""",
}

NATIVE = """
    iif != docker0, protocol == udp, dport == 53-53 DNAT 172.17.0.2:53 'DNAT'
    iif != br-front, protocol == tcp, dport == 8080-8080 DNAT 172.18.0.2:80 'DNAT'
    iif != br-front, dst == 192.0.2.10/32, protocol == tcp, dport == 8082-8082 DNAT 172.18.0.2:81 'DNAT'
    iif != br-front, dst == 127.0.0.1/32, protocol == tcp, dport == 8443-8443 DNAT 172.18.0.2:443 'DNAT'
    iif != br-open, protocol == tcp, dport == 8083-8083 DNAT 172.21.0.2:80 'DNAT'
    iif != br-front, src != fe80::/10, protocol == tcp, dport == 8080-8080 DNAT fd00:18::2:80 'DNAT'"""


def decoded(capture: Capture) -> list[Rule]:
    return [parse_rule(family, message).rule for family, message in capture.rules()]


def unknown(rules: list[Rule]) -> list[Condition]:
    return [condition for rule in rules for condition in rule.conditions if condition.operator == UNKNOWN]


@pytest.mark.parametrize("name", IPTABLES)
def test_rules_are_those_that_iptables_save_tells(name: str) -> None:
    found = Counter(map(said, decoded(captured(name))))
    told = Counter(said(rule) for family in ("ip", "ip6") for rule in parse(captured(name).saved(family), family).rules)
    assert (found - told, told - found) == (Counter(), Counter())


@pytest.mark.parametrize("name", IPTABLES)
def test_rules_stand_in_their_order_with_their_counters(name: str) -> None:
    reads = [(parse_rule(family, message), message) for family, message in captured(name).rules()]
    found: Counter[object] = Counter((said(read.rule), packets_of(message, read)) for read, message in reads)
    told: Counter[object] = Counter()
    for family in ("ip", "ip6"):
        text = parse(captured(name).saved(family), family)
        told.update(zip(map(said, text.rules), text.packets, strict=True))
        for place, rules in text.chains.items():
            assert [said(read.rule) for read, _ in reads if read.rule.place == place] == [said(rule) for rule in rules]
    assert (found - told, told - found) == (Counter(), Counter())


@pytest.mark.parametrize("name", [*(name for name in DOCKER_HOSTS if name not in LEGACY), "native"])
def test_every_condition_of_an_engines_rules_is_understood(name: str) -> None:
    rules = decoded(captured(name))
    assert len(rules) > 60
    assert unknown(rules) == []


@pytest.mark.parametrize("name", ["iptables-1.8.9", "iptables-1.8.11", "iptables-1.8.13"])
def test_of_other_rules_only_what_is_foreign_is_not_understood(name: str) -> None:
    assert [written(rule) for rule in decoded(captured(name)) if unknown([rule])] == lines(NOT_UNDERSTOOD)


@pytest.mark.parametrize("place", FOREIGN)
def test_what_others_write_is_understood_or_said_not_to_be(place: str) -> None:
    family, chain = place.split()
    rules = [rule for rule in decoded(captured("foreign")) if (rule.family, rule.chain) == (family, chain)]
    assert list(map(written, rules)) == lines(FOREIGN[place])


def test_the_address_and_the_port_of_an_engines_own_tables_are_told() -> None:
    rules = [rule for rule in decoded(captured("native")) if rule.chain == "nat-prerouting-and-output"]
    assert list(map(written, rules)) == lines(NATIVE)
