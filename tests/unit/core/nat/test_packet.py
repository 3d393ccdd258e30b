"""Whether a rule wants a packet: yes, no, or that cannot be told."""

from typing import Any, TypeAlias

import pytest

from exporter.core.nat.address_numbers import number_of, prefix_of
from exporter.core.nat.packet import Inside, Packet, wants
from exporter.core.nat.ruleset import (
    DST_TYPE,
    EQUAL,
    IIF,
    STATE_DNAT,
    STATE_ESTABLISHED,
    STATE_NEW,
    UNEQUAL,
    UNKNOWN,
    Condition,
    Rule,
)
from tests.support.saved_rules import rule

Answer: TypeAlias = bool | None

SUBNETS = ("127.0.0.0/8", "::1/128", "fe80::/10", "172.18.0.0/16", "fd00:18::/64")
INSIDE = Inside(frozenset({"br-front", "docker0"}), tuple(map(prefix_of, SUBNETS)))
WEB = number_of("172.18.0.2")
WEB6 = number_of("fd00:18::2")

FROM_OUTSIDE = Packet(dport=8080, to_host=True)
TO_WEB = Packet(oif="br-front", dst=WEB, dport=80, state=STATE_NEW | STATE_DNAT)
FROM_WEB = Packet(iif="br-front", src=WEB, dport=443)


def wanted(text: str, packet: Packet, family: str = "ip") -> bool | None:
    return wants(rule((family, "filter", "FORWARD"), text), packet, INSIDE)


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
        ("-p tcp -m tcp --sport 1024:65535 -j ACCEPT", None),
        ("-p tcp -m tcp --sport 0:65535 -j ACCEPT", True),
        ("-p tcp -m tcp ! --sport 53 -j ACCEPT", None),
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
        ("-m addrtype --dst-type LOCAL,BROADCAST -j DOCKER", TO_WEB, None),
        ("-m addrtype --src-type LOCAL -j MASQUERADE", FROM_WEB, False),
        ("-m addrtype --src-type UNICAST -j MASQUERADE", FROM_WEB, None),
    ],
)
def test_an_addresss_type_is_known_where_it_is_the_hosts_own(text: str, packet: Packet, answer: Answer) -> None:
    assert wanted(text, packet) is answer


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (Condition("limit", UNKNOWN), None),
        (Condition(IIF, UNKNOWN), None),
        (Condition("strange", EQUAL, 1), None),
        (Condition("strange", UNEQUAL, 1), None),
        (Condition(DST_TYPE, UNEQUAL, 1), None),
    ],
)
def test_what_is_not_understood_leaves_it_open(condition: Condition, answer: Any) -> None:
    assert wants(Rule("ip", "filter", "FORWARD", conditions=(condition,)), TO_WEB, INSIDE) is answer


def test_one_no_is_a_no_whatever_is_not_understood() -> None:
    limit, udp = Condition("limit", UNKNOWN), Condition("protocol", EQUAL, "udp")
    assert wants(Rule("ip", "filter", "FORWARD", conditions=(limit, udp)), TO_WEB, INSIDE) is False
    assert wanted("-p udp -m limit --limit 1/sec -j ACCEPT", TO_WEB) is False
    assert wanted("-p tcp -m limit --limit 1/sec -j ACCEPT", TO_WEB) is None


def test_two_limits_of_one_key_must_both_hold() -> None:
    low = Condition("dport", EQUAL, (80, 65535))
    high = Condition("dport", EQUAL, (0, 90))
    both = Rule("ip", "filter", "FORWARD", conditions=(low, high))
    assert [wants(both, TO_WEB._replace(dport=number), INSIDE) for number in (79, 80, 90, 91)] == [
        False,
        True,
        True,
        False,
    ]
