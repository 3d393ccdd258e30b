"""Whether a rule wants a packet: yes, no, or that cannot be told."""

from typing import Any, TypeAlias

import pytest
from msgspec.structs import replace

from exporter.core.nat.address_numbers import number_of, prefix_of
from exporter.core.nat.packet import NO, SOME, YES, Destination, Inside, Mark, Packet
from exporter.core.nat.packet import UNKNOWN as OPEN
from exporter.core.nat.ruleset import (
    BRIDGED,
    EQUAL,
    IIF,
    IN,
    NOT_IN,
    SRC,
    STATE_DNAT,
    STATE_ESTABLISHED,
    STATE_NEW,
    UNEQUAL,
    UNKNOWN,
    Condition,
    Element,
    Rule,
    Ruleset,
)
from exporter.core.nat.walk.matcher import Matcher
from tests.support.saved_rules import rule

Answer: TypeAlias = bool | str | None

SUBNETS = ("127.0.0.0/8", "::1/128", "fe80::/10", "172.18.0.0/16", "fd00:18::/64")
INSIDE = Inside(frozenset({"br-front", "docker0"}), tuple(map(prefix_of, SUBNETS)))
WEB = number_of("172.18.0.2")
WEB6 = number_of("fd00:18::2")

FROM_OUTSIDE = Packet(dport=8080, to_host=True)
TO_WEB = Packet(oif="br-front", dst=WEB, dport=80, state=STATE_NEW | STATE_DNAT)
FROM_WEB = Packet(iif="br-front", src=WEB, dport=443)


ANSWERS = {NO: False, YES: True, SOME: None, OPEN: "unknown"}


def wants(rule: Rule, packet: Packet, inside: Inside = INSIDE) -> Answer:
    """Whether a rule matches; None for some clients only."""
    return ANSWERS[Matcher(Ruleset(), inside).matches(rule, packet)]


def wanted(text: str, packet: Packet, family: str = "ip", inside: Inside = INSIDE) -> Answer:
    return wants(rule((family, "filter", "FORWARD"), text), packet._replace(family=family), inside)


@pytest.mark.parametrize(
    ("text", "packet", "answer"),
    [
        ("-j ACCEPT", FROM_OUTSIDE, True),
        ("-i docker0 -j ACCEPT", FROM_OUTSIDE, False),
        ("! -i docker0 -j ACCEPT", FROM_OUTSIDE, True),
        ("-i eth0 -j ACCEPT", FROM_OUTSIDE, None),
        ("! -i eth0 -j ACCEPT", FROM_OUTSIDE, None),
        ("-i lo -j ACCEPT", FROM_OUTSIDE, False),
        ("-i br-+ -j ACCEPT", FROM_OUTSIDE, False),
        ("-i eth+ -j ACCEPT", FROM_OUTSIDE, None),
        ("-i + -j ACCEPT", FROM_OUTSIDE, True),
        ("-i br-front -j ACCEPT", FROM_WEB, True),
        ("-i br-+ -j ACCEPT", FROM_WEB, True),
        ("-i eth+ -j ACCEPT", FROM_WEB, False),
        ("-i docker0 -j ACCEPT", FROM_WEB, False),
        ("-o br-front -j ACCEPT", TO_WEB, True),
        ("! -o br-front -j ACCEPT", TO_WEB, False),
        ("! -o br-front -j ACCEPT", FROM_WEB, True),
        ("-o eth0 -j ACCEPT", FROM_WEB, None),
    ],
)
def test_outside_is_any_device_that_docker_did_not_make(text: str, packet: Packet, answer: Answer) -> None:
    assert wanted(text, packet) is answer


@pytest.mark.parametrize(
    ("text", "packet", "answer"),
    [
        ("-d 172.18.0.2 -j ACCEPT", TO_WEB, True),
        ("-d 172.18.0.3 -j ACCEPT", TO_WEB, False),
        ("-d 172.16.0.0/12 -j ACCEPT", TO_WEB, True),
        ("! -d 172.18.0.0/16 -j ACCEPT", TO_WEB, False),
        ("-s 172.18.0.0/16 -j ACCEPT", TO_WEB, False),
        ("-s 172.18.0.77 -j ACCEPT", TO_WEB, False),
        ("-s 172.16.0.0/12 -j ACCEPT", TO_WEB, None),
        ("-s 10.0.0.0/8 -j ACCEPT", TO_WEB, None),
        ("! -s 10.0.0.0/8 -j ACCEPT", TO_WEB, None),
        ("-s 0.0.0.0/0 -j ACCEPT", TO_WEB, True),
        ("-s 172.18.0.0/16 -j ACCEPT", FROM_WEB, True),
        ("-d 192.0.2.10 -j ACCEPT", FROM_OUTSIDE, None),
        ("! -d 127.0.0.0/8 -j ACCEPT", FROM_OUTSIDE, True),
        ("-d 127.0.0.1 -j ACCEPT", FROM_OUTSIDE, False),
        ("-d 192.0.2.10 -j ACCEPT", FROM_OUTSIDE._replace(dst=number_of("192.0.2.10")), True),
    ],
)
def test_no_packet_from_outside_has_an_address_of_the_inside(text: str, packet: Packet, answer: Answer) -> None:
    assert wanted(text, packet) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("! -s fe80::/10 -j DNAT", True),
        ("-s fd00:18::/64 -j DNAT", False),
        ("-s 2001:db8::/32 -j DNAT", None),
        ("! -d ::1/128 -j DNAT", True),
        # its last 32 bits are those of 172.18.0.2
        ("-s 64:ff9b::ac12:2/128 -j DNAT", None),
    ],
)
def test_addresses_of_the_other_family_say_nothing_of_this_one(text: str, answer: Answer) -> None:
    assert wanted(text, FROM_OUTSIDE, "ip6") is answer


def test_an_address_of_ipv6_is_compared_whole() -> None:
    packet = Packet(oif="br-front", dst=WEB6)
    assert wanted("-d fd00:18::2/128 -j ACCEPT", packet, "ip6") is True
    assert wanted("-d fd00:18::3/128 -j ACCEPT", packet, "ip6") is False
    assert wanted("-d fd00::/8 -j ACCEPT", packet, "ip6") is True


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("-p tcp -j ACCEPT", True),
        ("-p udp -j ACCEPT", False),
        ("! -p udp -j ACCEPT", True),
        ("-p tcp -m tcp --dport 80 -j ACCEPT", True),
        ("-p tcp -m tcp --dport 81 -j ACCEPT", False),
        ("-p tcp -m tcp ! --dport 80 -j ACCEPT", False),
        ("-p tcp -m tcp --dport 80:90 -j ACCEPT", True),
        ("-p tcp -m tcp --dport 81:90 -j ACCEPT", False),
        ("-p udp -m udp --dport 80 -j ACCEPT", False),
        ("-p tcp -m tcp --sport 1024:65535 -j ACCEPT", True),
        ("-p tcp -m tcp --sport 0:1023 -j ACCEPT", False),
        ("-p tcp -m tcp --sport 0:40000 -j ACCEPT", None),
        ("-p tcp -m tcp --sport 0:65535 -j ACCEPT", True),
        ("-p tcp -m tcp ! --sport 53 -j ACCEPT", True),
    ],
)
def test_the_port_of_who_sends_is_any(text: str, answer: Answer) -> None:
    assert wanted(text, TO_WEB) is answer


@pytest.mark.parametrize(
    ("states", "packet", "answer"),
    [
        ("RELATED,ESTABLISHED", FROM_WEB, False),
        ("RELATED,ESTABLISHED", FROM_WEB._replace(state=STATE_ESTABLISHED), True),
        ("NEW", FROM_WEB, True),
        ("INVALID", FROM_WEB, False),
        ("INVALID,UNTRACKED", FROM_WEB, False),
        ("DNAT", TO_WEB, True),
        ("RELATED,ESTABLISHED,DNAT", TO_WEB, True),
        ("RELATED,ESTABLISHED,DNAT", FROM_WEB, False),
    ],
)
def test_a_state_is_compared_with_the_packets(states: str, packet: Packet, answer: bool) -> None:  # noqa: FBT001
    assert wanted(f"-m conntrack --ctstate {states} -j ACCEPT", packet) is answer
    assert wanted(f"-m conntrack ! --ctstate {states} -j ACCEPT", packet) is not answer


@pytest.mark.parametrize(
    ("text", "packet", "answer"),
    [
        ("-m addrtype --dst-type LOCAL -j DOCKER", FROM_OUTSIDE, True),
        ("-m addrtype --dst-type LOCAL -j DOCKER", TO_WEB, False),
        ("-m addrtype ! --dst-type LOCAL -j DOCKER", TO_WEB, True),
        ("-m addrtype --dst-type LOCAL,BROADCAST -j DOCKER", TO_WEB, False),
        ("-m addrtype --src-type LOCAL -j MASQUERADE", FROM_WEB, False),
        ("-m addrtype --src-type UNICAST -j MASQUERADE", FROM_WEB, True),
        ("-m addrtype --src-type LOCAL -j MASQUERADE", FROM_WEB._replace(from_host=True), True),
    ],
)
def test_an_addresss_type_is_known_where_it_is_the_hosts_own(text: str, packet: Packet, answer: Answer) -> None:
    assert wanted(text, packet) is answer


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (Condition("limit", UNKNOWN), "unknown"),
        (Condition(IIF, UNKNOWN), "unknown"),
        (Condition("strange", EQUAL, 1), "unknown"),
        (Condition("strange", UNEQUAL, 1), "unknown"),
        (Condition("strange", IN, ((1, 1),)), "unknown"),
        (Condition(SRC, IN, "absent"), "unknown"),
        (Condition("src . strange", IN, "absent"), "unknown"),
    ],
)
def test_what_is_not_understood_leaves_it_open(condition: Condition, answer: Any) -> None:
    assert wants(Rule("ip", "filter", "FORWARD", conditions=(condition,)), TO_WEB) is answer


def test_one_no_is_a_no_whatever_is_not_understood() -> None:
    limit, udp = Condition("limit", UNKNOWN), Condition("protocol", EQUAL, "udp")
    assert wants(Rule("ip", "filter", "FORWARD", conditions=(limit, udp)), TO_WEB) is False
    assert wanted("-p udp -m limit --limit 1/sec -j ACCEPT", TO_WEB) is False
    assert wanted("-p tcp -m limit --limit 1/sec -j ACCEPT", TO_WEB) == "unknown"


def test_two_limits_of_one_key_must_both_hold() -> None:
    low = Condition("dport", EQUAL, (80, 65535))
    high = Condition("dport", EQUAL, (0, 90))
    both = Rule("ip", "filter", "FORWARD", conditions=(low, high))
    assert [wants(both, TO_WEB._replace(dport=number)) for number in (79, 80, 90, 91)] == [
        False,
        True,
        True,
        False,
    ]


TO_8080 = Destination(None, 8080, to_host=True)
HOST = Inside(
    frozenset({"br-front", "docker0"}),
    tuple(map(prefix_of, SUBNETS)),
    uplinks=frozenset({"eth0"}),
    devices={"lo": 1, "eth0": 2, "docker0": 3, "br-front": 4, "tun0": 9, "podman1": 10, "br-lan": 11},
    addresses={"ip": frozenset({number_of("192.0.2.10")})},
)
TWO = replace(
    HOST,
    uplinks=frozenset({"eth0", "eth1"}),
    addresses={"ip": frozenset({number_of("192.0.2.10"), number_of("192.0.2.11")})},
)


@pytest.mark.parametrize(
    ("text", "one", "of_two"),
    [
        ("-i eth0 -j DROP", True, None),
        ("! -i eth0 -j DROP", False, None),
        ("-i eth+ -j DROP", True, True),
        ("-i tun0 -j DROP", None, None),
        ("-i eth7 -j DROP", False, False),
        # a bridge of another engine, and one that may lead to clients
        ("-i podman1 -j DROP", False, False),
        ("-i br-lan -j DROP", None, None),
        ("-d 192.0.2.10 -j DROP", True, None),
        ("-d 192.0.2.0/24 -j DROP", True, True),
        ("-d 192.0.2.12 -j DROP", False, False),
        ("-m iprange --dst-range 192.0.2.9-192.0.2.10 -j DROP", True, None),
        ("-s 192.0.2.10 -j DROP", False, False),
        ("-s 192.0.2.0/24 -j DROP", None, None),
    ],
)
def test_the_only_uplink_and_the_only_address_are_those_of_everybody(text: str, one: Answer, of_two: Answer) -> None:
    assert wanted(text, FROM_OUTSIDE, inside=HOST) is one
    assert wanted(text, FROM_OUTSIDE, inside=TWO) is of_two


def test_a_device_is_found_by_its_index() -> None:
    for index, answer in ((2, True), (3, False), (9, None), (77, False)):
        one = Rule("ip", "filter", "FORWARD", conditions=(Condition("iif_index", EQUAL, index),))
        assert wants(one, FROM_OUTSIDE, HOST) is answer
    assert wants(one, FROM_OUTSIDE) == "unknown"


@pytest.mark.parametrize(
    ("group", "of_same_groups", "of_different_groups"),
    [((7, 255), True, None), ((6, 254), True, None), ((9, 255), False, False)],
)
def test_a_device_is_in_a_group(group: tuple[int, int], of_same_groups: Answer, of_different_groups: Answer) -> None:
    one = Rule("ip", "filter", "FORWARD", conditions=(Condition("iifgroup", EQUAL, group),))
    for groups, answer in (({"eth0": 7, "eth1": 7}, of_same_groups), ({"eth0": 7, "eth1": 0}, of_different_groups)):
        assert wants(one, FROM_OUTSIDE, Inside(uplinks=frozenset(groups), groups=groups)) is answer


def test_a_device_whose_group_is_not_known_may_be_in_it() -> None:
    one = Rule("ip", "filter", "FORWARD", conditions=(Condition("oifgroup", EQUAL, (0, 255)),))
    assert wants(one, TO_WEB, Inside(groups={"br-front": 0})) is True
    assert wants(one, TO_WEB) == "unknown"
    assert wants(one, FROM_OUTSIDE) == "unknown"


@pytest.mark.parametrize(
    ("text", "packet", "answer"),
    [
        ("-p tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", TO_WEB, True),
        ("-p tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", TO_WEB, False),
        ("-p tcp --tcp-flags FIN,SYN FIN,SYN -j DROP", TO_WEB, False),
        ("-p tcp --tcp-flags ALL SYN,ACK -j DROP", FROM_WEB._replace(state=STATE_ESTABLISHED, reply=True), "unknown"),
        ("-p tcp --tcp-flags PSH PSH -j DROP", TO_WEB._replace(state=STATE_ESTABLISHED), "unknown"),
        ("-p tcp --tcp-flags PSH PSH -j DROP", TO_WEB, False),
        ("-p tcp --tcp-flags SYN,RST RST -j DROP", TO_WEB._replace(state=STATE_ESTABLISHED), False),
        ("-p tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", TO_WEB._replace(state=STATE_ESTABLISHED), True),
        ("-m conntrack --ctorigdstport 8080 -j DROP", TO_WEB._replace(original=TO_8080), True),
        ("-m conntrack --ctorigdstport 80 -j DROP", TO_WEB._replace(original=TO_8080), False),
        ("-m conntrack --ctorigdstport 80 -j DROP", TO_WEB, True),
        ("-p tcp -m multiport --dports 22,80:90 -j DROP", TO_WEB, True),
        ("-p tcp -m multiport ! --dports 22,80:90 -j DROP", TO_WEB, False),
        ("-p tcp -m multiport --ports 22,53 -j DROP", TO_WEB, False),
        ("-m mark --mark 0x10/0x10 -j DROP", TO_WEB, False),
        ("-m mark --mark 0x10/0x10 -j DROP", TO_WEB._replace(mark=Mark((0x11,))), True),
        ("-m mark --mark 0x10/0x10 -j DROP", TO_WEB._replace(mark=Mark((0, 0x10), SOME)), None),
        ("-m mark --mark 0x10/0x10 -j DROP", TO_WEB._replace(mark=Mark((), OPEN)), "unknown"),
    ],
)
def test_what_people_write_is_compared_with_the_packet(text: str, packet: Packet, answer: Answer) -> None:
    assert wanted(text, packet) == answer


def looked_up(condition: Condition, elements: tuple[Element, ...], packet: Packet = TO_WEB) -> Answer:
    rules = Ruleset(sets={("ip", "filter", "s"): elements})
    one = Rule("ip", "filter", "FORWARD", conditions=(condition,))
    return ANSWERS[Matcher(rules, INSIDE).matches(one, packet)]


def test_sets_are_looked_up_by_one_key_or_several() -> None:
    web = (WEB, WEB)
    assert looked_up(Condition("dport", IN, "s"), (Element(((80, 90),)),)) is True
    assert looked_up(Condition("dport", NOT_IN, "s"), (Element(((80, 90),)),)) is False
    assert looked_up(Condition("dport", IN, "s"), ()) is False
    assert looked_up(Condition("dst . dport", IN, "s"), (Element((web, (80, 80))),)) is True
    assert looked_up(Condition("dst . dport", IN, "s"), (Element((web, (81, 81))),)) is False
    assert looked_up(Condition("src . dport", IN, "s"), (Element((web, (80, 80))),)) is False
    stranger = (number_of("198.51.100.1"),) * 2
    assert looked_up(Condition("src . dport", IN, "s"), (Element((stranger, (80, 80))),)) is None
    assert looked_up(Condition("oif", IN, "s"), (Element(("br-*",)),)) is True
    assert looked_up(Condition("ctstate", IN, "s"), (Element((8,)), Element((2,)))) is True
    halves = (Element(((0, (1 << 31) - 1),)), Element((((1 << 31), (1 << 32) - 1),)))
    assert looked_up(Condition("src", IN, "s"), halves) is True


@pytest.mark.parametrize(
    ("packet", "answer", "opposite"),
    [(TO_WEB, False, True), (FROM_WEB, False, True), (FROM_WEB._replace(oif="br-front"), "unknown", "unknown")],
)
def test_a_packet_that_the_host_forwards_is_not_sent_on_by_a_bridge(
    packet: Packet, answer: Answer, opposite: Answer
) -> None:
    bridged = Rule("ip", "filter", "FORWARD", "DROP", conditions=(Condition(BRIDGED, EQUAL, value=True),))
    assert wants(bridged, packet) == answer
    other = replace(bridged, conditions=(Condition(BRIDGED, EQUAL, value=False),))
    assert wants(other, packet) == opposite
