"""Elements of sets and maps, put together as the kernel tells them, and those of a real one."""

import struct
from ipaddress import ip_address

import pytest

from exporter.core.nat.ruleset import Element
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.sets import INTERVAL, MOST_ELEMENTS, TIMEOUT, parse_set
from exporter.kernel.netlink.messages import attribute
from tests.support.kernel.captured_rules import captured

END = 1


def address(text: str) -> bytes:
    return ip_address(text).packed


def port(number: int) -> bytes:
    return number.to_bytes(2, "big")


def name(text: str, fill: bytes = b"\0") -> bytes:
    return text.encode().ljust(16, fill)


def element(key: bytes, *, last: bytes = b"", flags: int = 0, data: bytes = b"") -> bytes:
    parts = attribute(nfta.SET_ELEM_KEY, attribute(nfta.DATA_VALUE, key)) if key else b""
    if last:
        parts += attribute(nfta.SET_ELEM_KEY_END, attribute(nfta.DATA_VALUE, last))
    if flags:
        parts += attribute(nfta.SET_ELEM_FLAGS, flags.to_bytes(4, "big"))
    if data:
        parts += attribute(nfta.SET_ELEM_DATA, attribute(nfta.DATA_VALUE, data))
    return attribute(1, parts)


def message(*elements: bytes) -> list[bytes]:
    return [attribute(nfta.SET_ELEMENTS, b"".join(elements))]


def number(text: str) -> int:
    return int(ip_address(text))


def test_an_interval_ends_before_the_element_that_closes_it() -> None:
    told = message(element(port(91), flags=END), element(port(80)), element(port(8080)), element(port(8081), flags=END))
    assert parse_set("dport", INTERVAL, told) == (Element(((80, 90),)), Element(((8080, 8080),)))


def test_the_last_interval_may_have_no_end() -> None:
    told = message(element(address("0.0.0.0"), flags=END), element(address("224.0.0.0")))
    assert parse_set("src", INTERVAL, told) == (Element(((number("224.0.0.0"), number("255.255.255.255")),)),)
    assert parse_set("src", INTERVAL, message(element(address("0.0.0.0")))) == (Element(((0, (1 << 32) - 1),)),)


def test_of_neighbours_the_one_ends_where_the_other_begins() -> None:
    told = message(element(port(80), data=port(8080)), element(port(81), data=port(8081)), element(port(82), flags=END))
    assert parse_set("dport", INTERVAL, told) == (Element(((80, 80),), port=8080), Element(((81, 81),), port=8081))


def test_joined_keys_are_padded_to_four_bytes() -> None:
    pad = bytes(2)
    told = message(
        element(address("10.0.0.0") + port(80) + pad, last=address("10.0.0.9") + port(90) + pad),
        element(address("192.0.2.1") + port(443) + pad),
    )
    low, high, one = map(number, ("10.0.0.0", "10.0.0.9", "192.0.2.1"))
    assert parse_set("src . dport", INTERVAL, told) == (
        Element(((low, high), (80, 90))),
        Element(((one, one), (443, 443))),
    )


def test_addresses_of_either_family_are_told_by_their_length() -> None:
    pad = bytes(2)
    six = number("fd00::1")
    assert parse_set("dst", 0, message(element(address("fd00::1")))) == (Element(((six, six),)),)
    told = message(element(address("fd00::1") + port(80) + pad))
    assert parse_set("dst . dport", 0, told) == (Element(((six, six), (80, 80))),)


def test_names_with_one_beginning_are_a_range() -> None:
    end = name("eth")[:2] + b"i" + bytes(13)
    told = message(element(name("eth")), element(end, flags=END), element(name("lo")))
    assert parse_set("iif", INTERVAL, [*told, *message(element(name("lo")[:-1] + b"\1", flags=END))]) == (
        Element(("eth*",)),
        Element(("lo",)),
    )


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (address("172.18.0.2"), ("172.18.0.2", 0)),
        (address("172.18.0.2") + port(80) + bytes(2), ("172.18.0.2", 80)),
        (address("fd00::2"), ("fd00::2", 0)),
        (address("fd00::2") + port(80) + bytes(2), ("fd00::2", 80)),
        (port(80), ("", 80)),
    ],
)
def test_where_a_map_of_translations_leads_is_told(data: bytes, found: tuple[str, int]) -> None:
    key = ((8080, 8080),)
    assert parse_set("dport", 0, message(element(port(8080), data=data))) == (
        Element(key, address=found[0], port=found[1]),
    )


def test_the_element_for_all_others_comes_last() -> None:
    told = message(element(b"", flags=2, data=address("192.0.2.1")), element(port(80), data=address("192.0.2.2")))
    assert parse_set("dport", 0, told) == (
        Element(((80, 80),), address="192.0.2.2"),
        Element((), address="192.0.2.1"),
    )


def test_numbers_in_the_hosts_order_are_read_as_such() -> None:
    assert parse_set("mark", 0, message(element(struct.pack("=I", 1)))) == (Element(((1, 1),)),)
    assert parse_set("ctstate", 0, message(element(struct.pack("=I", 8)))) == (Element((8,)),)
    assert parse_set("protocol", 0, message(element(b"\6"), element(b"\x11"))) == (Element(("tcp",)), Element(("udp",)))


@pytest.mark.parametrize(
    ("by", "flags", "told"),
    [
        ("src", TIMEOUT, message(element(address("192.0.2.1")))),
        ("src", 0, message(element(address("192.0.2.1"))) * (MOST_ELEMENTS + 1)),
        ("src . strange", 0, message(element(address("192.0.2.1") + bytes(4)))),
        ("src", 0, message(element(b"\0" * 6))),
        ("iif", INTERVAL, message(element(name("a")), element(name("c"), flags=END))),
        ("mark", INTERVAL, message(element(struct.pack("=I", 1)))),
    ],
    ids=["changes by itself", "too large", "another key", "another length", "a range of names", "a range of marks"],
)
def test_content_that_is_not_certain_is_none(by: str, flags: int, told: list[bytes]) -> None:
    assert parse_set(by, flags, told) is None


def test_an_empty_set_has_no_element() -> None:
    assert parse_set("src", 0, []) == ()


def test_sets_of_a_real_ruleset_are_read_with_it() -> None:
    rules = captured("foreign").generation().ruleset
    assert {place[2]: len(found) for place, found in rules.sets.items()} == {
        "__map0": 2,
        "__set0": 2,
        "__set1": 2,
        "__set2": 2,
        "__set3": 2,
        "gone": 1,
        "lanes": 1,
        "mixed": 2,
        "pairs": 1,
        "trusted": 2,
        "wild": 1,
        "services": 1,
    }
    assert {place[2] for place in rules.maps} == {"__map1", "zones"}
