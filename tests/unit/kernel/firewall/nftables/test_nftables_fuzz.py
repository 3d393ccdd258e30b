"""Rules whose bytes are not what they were: they fail in a known way, and never look more general than they are."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.core.nat.packet import YES, Inside, Packet
from exporter.core.nat.ruleset import MAP, PASSING, STATE_ESTABLISHED, UNKNOWN, Condition, Rule, Ruleset
from exporter.core.nat.walk.matcher import Matcher
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.decode import decode
from exporter.kernel.firewall.nftables.reader import packets_of, parse_ended, parse_rule
from exporter.kernel.firewall.nftables.sets import parse_jumps
from exporter.kernel.netlink.messages import text, walk
from exporter.kernel.netlink.nfnetlink import attributes
from tests.support.kernel.captured_rules import captured

CAPTURES = ("docker-20.10", "docker-28.5", "native", "foreign", "iptables-1.8.9", "iptables-1.8.13")
MESSAGES = sorted({rule for name in CAPTURES for rule in captured(name).rules()})
ELEMENTS = [
    bytes.fromhex(line)[20:]
    for name in ("native", "foreign")
    for lines in captured(name).document["elements"].values()
    for line in lines
]
KNOWN_FAILURES = (LookupError, ValueError, struct.error)
# Attributes of an expression's data that hold attributes themselves.
NESTED = {"cmp": (3,), "immediate": (2,), "bitwise": (4, 5), "range": (3, 4)}
# What makes a load of a register into a write of it: a whole and other expression.
SOURCES = {"meta": 3, "payload": 5, "ct": 4}
HEAD = 4
INSIDE = Inside(frozenset({"docker0", "br-front"}), ())
MATCHER = Matcher(Ruleset(), INSIDE)
ADDRESSES = (None, 0, 0xAC110002, 0xC0000201, 0x0A000001)
PACKETS = [
    Packet(iif, oif, src, dst, protocol, dport, to_host=to_host, state=state)
    for iif, oif in (("", ""), ("docker0", ""), ("", "docker0"), ("br-front", "docker0"))
    for src, dst in zip(ADDRESSES, reversed(ADDRESSES), strict=True)
    for protocol, dport in (("tcp", 80), ("udp", 53), ("tcp", 8080), ("icmp", 0))
    for to_host, state in ((True, 8), (False, STATE_ESTABLISHED))
]

changes = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=4)


@st.composite
def mangled(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of them, with bytes changed, cut off at either end, or added."""
    raw = bytearray(draw(st.sampled_from(originals)))
    for place, value in draw(changes):
        raw[place % len(raw)] = value
    begin = draw(st.sampled_from([0, 0, 0, 4, 3]))
    end = draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    return bytes(raw[begin:end]) + draw(st.one_of(st.just(b""), st.binary(max_size=12)))


@given(mangled([message for _, message in MESSAGES]), st.sampled_from([1, 2, 10]))
@settings(max_examples=1500, deadline=None)
def test_whatever_a_message_holds_it_is_a_rule_or_fails_in_a_known_way(message: bytes, family: int) -> None:
    try:
        read = parse_rule(family, message)
        assert 0 <= packets_of(message, read) < 1 << 64
        assert parse_ended(family, message).rule is read.rule
    except KNOWN_FAILURES:
        return
    assert all(MATCHER.matches(read.rule, packet) in range(4) for packet in PACKETS)


@given(st.binary(max_size=200), st.sampled_from([1, 2, 10]))
@settings(max_examples=1000, deadline=None)
def test_expressions_of_any_bytes_are_a_rule(expressions: bytes, family: int) -> None:
    assert isinstance(decode.__wrapped__(family, "nat", "DOCKER", expressions, expressions), Rule)


@given(mangled(ELEMENTS))
@settings(max_examples=1000, deadline=None)
def test_whatever_a_maps_elements_hold_they_are_devices_and_chains_or_fail_in_a_known_way(message: bytes) -> None:
    try:
        found = parse_jumps([message])
    except KNOWN_FAILURES:
        return
    assert found is None or all(len(device) <= 16 and chain for device, chain in found.items())


def headers(expressions: bytes) -> Iterator[tuple[int, int]]:
    """Where the heads of attributes stand, of expressions, of their parts, and of what these hold.

    With the one number that would make the expression another whole one, 0 for none.
    """
    for at, expression in placed(expressions, 0):
        yield at, 0
        name = text(attributes(expression)[nfta.EXPR_NAME])
        for inner, _, part in typed(expression, at + HEAD):
            yield inner, 0
            if part == nfta.EXPR_DATA:
                for place, payload, kind in typed(attributes(expression)[nfta.EXPR_DATA], inner + HEAD):
                    yield place, SOURCES.get(name, 0)
                    if kind in NESTED.get(name, ()):
                        yield from ((deep, 0) for deep, _ in placed(payload, place + HEAD))


def typed(data: bytes, start: int) -> Iterator[tuple[int, bytes, int]]:
    offset = 0
    while offset + HEAD <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        yield start + offset, data[offset + HEAD : offset + length], kind & 0x3FFF
        offset += (length + 3) & ~3


def placed(data: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    return ((at, payload) for at, payload, _ in typed(data, start))


def parts(family: int, message: bytes) -> tuple[int, str, str, bytes]:
    found = dict(walk(message))
    return family, text(found[nfta.RULE_TABLE]), text(found[nfta.RULE_CHAIN]), found[nfta.RULE_EXPRESSIONS]


RULES = [parts(*message) for message in MESSAGES if nfta.RULE_EXPRESSIONS in dict(walk(message[1]))]


def unknown(rule: Rule) -> int:
    return sum(condition.operator == UNKNOWN for condition in rule.conditions)


def whole_others(original: Rule) -> Iterator[Rule]:
    """What the rule is when one register has another attribute: the kernel takes that too, with another meaning."""
    for at in range(len(original.effects)):  # a load instead of a write
        yield replace(original, effects=original.effects[:at] + original.effects[at + 1 :])
    if original.target == MAP:  # a member of a set instead of a look-up
        member = Condition(original.by, "in", original.to)
        yield replace(original, target="", to="", by="", conditions=(*original.conditions, member))
    elif original.target in ("DNAT", "SNAT") and original.address:  # the port kept, one address instead of a range
        single = tuple(condition for condition in original.conditions if condition != Condition("nat", UNKNOWN))
        yield replace(original, port=0)
        yield replace(original, port=0, conditions=single)


def check(original: Rule, damaged: Rule) -> None:
    """A rule that says something else says that it is not understood, and decides nothing for certain."""
    if damaged == original:
        return
    # A write of a mark whose value is not understood leaves the mark with any value: the conditions stay as they were.
    if any(effect.xor is None for effect in damaged.effects) and damaged.conditions == original.conditions:
        return
    if damaged in tuple(whole_others(original)):
        return
    assert unknown(damaged), damaged
    # A look-up whose register is not told asks whether something is in a set, and leads nowhere.
    if original.target not in (*PASSING, MAP):
        assert damaged.target not in PASSING, damaged
    for packet in PACKETS:
        assert MATCHER.matches(damaged, packet) != YES or MATCHER.matches(original, packet) == YES


@pytest.mark.parametrize("rule", RULES[::7], ids=range(len(RULES[::7])))
def test_a_part_of_another_kind_is_not_understood(rule: tuple[int, str, str, bytes]) -> None:
    """Each attribute, one after another, has a number that no kernel has given to any."""
    family, table, chain, expressions = rule
    original = decode(family, table, chain, expressions, b"")
    for at, _ in headers(expressions):
        other = expressions[: at + 2] + b"\x77\x00" + expressions[at + HEAD :]
        check(original, decode.__wrapped__(family, table, chain, other, b""))


@given(st.sampled_from(RULES), st.data())
@settings(max_examples=1500, deadline=None)
def test_a_damaged_head_of_an_attribute_never_makes_a_rule_more_general(
    rule: tuple[int, str, str, bytes], data: st.DataObject
) -> None:
    family, table, chain, expressions = rule
    at, source = data.draw(st.sampled_from(list(headers(expressions))))
    original = decode(family, table, chain, expressions, b"")
    if data.draw(st.booleans()):
        head = expressions[at : at + 2] + struct.pack(
            "=H", data.draw(st.integers(0, 16).filter(lambda n: n != source or not n))
        )
    else:
        length = data.draw(st.integers(0, 80).filter(lambda n: (n + 3) & ~3 != (_length(expressions, at) + 3) & ~3))
        head = struct.pack("=H", length) + expressions[at + 2 : at + HEAD]
    other = expressions[:at] + head + expressions[at + HEAD :]
    check(original, decode.__wrapped__(family, table, chain, other, b""))


def _length(data: bytes, at: int) -> int:
    return int(struct.unpack_from("=H", data, at)[0])


@given(st.sampled_from(RULES), st.data())
@settings(max_examples=1000, deadline=None)
def test_a_rule_that_is_cut_off_never_looks_more_general(
    rule: tuple[int, str, str, bytes], data: st.DataObject
) -> None:
    """But between two expressions: there it is a shorter rule, and the message around it does not hold together."""
    family, table, chain, expressions = rule
    between = {0, *(at for at, _ in placed(expressions, 0))}
    size = data.draw(st.integers(1, len(expressions) - 1).filter(lambda n: n not in between))
    whole = decode(family, table, chain, expressions, b"")
    check(whole, decode.__wrapped__(family, table, chain, expressions[:size], b""))


@given(st.sampled_from(RULES), st.data())
@settings(max_examples=1000, deadline=None)
def test_an_expression_with_another_name_is_not_understood(
    rule: tuple[int, str, str, bytes], data: st.DataObject
) -> None:
    """Whatever it loads, limits or decides."""
    family, table, chain, expressions = rule
    at, expression = data.draw(st.sampled_from(list(placed(expressions, 0))))
    name = attributes(expression)[nfta.EXPR_NAME]
    begin = at + HEAD + expression.index(name)
    other = expressions[:begin] + name.swapcase() + expressions[begin + len(name) :]
    damaged = decode.__wrapped__(family, table, chain, other, b"")
    assert (text(name).swapcase(), UNKNOWN, None) in damaged.conditions
    check(decode(family, table, chain, expressions, b""), damaged)
