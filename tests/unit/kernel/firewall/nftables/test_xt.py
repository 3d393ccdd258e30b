"""Blobs of xtables, put together as iptables does."""

import struct
from ipaddress import ip_address

import pytest

from exporter.core.nat.ruleset import (
    DPORT,
    DST_TYPE,
    EQUAL,
    SPORT,
    SRC_TYPE,
    STATE,
    UNEQUAL,
    UNKNOWN,
    Condition,
)
from exporter.kernel.firewall.nftables.xt import conditions, translation

ALL = (0, 65535)
CONNTRACK_SIZES = {1: 152, 2: 156, 3: 164}  # struct xt_conntrack_mtinfo1, 2, 3


def ports(
    *, sport: tuple[int, int] = ALL, dport: tuple[int, int] = ALL, inverted: int = 0, flags: bytes = b""
) -> bytes:
    """Struct xt_tcp with `flags` of option, mask and comparison, or struct xt_udp without."""
    return struct.pack("=4H", *sport, *dport) + flags + bytes([inverted]) + b"\0"


NO_FLAGS = b"\0\0\0"


@pytest.mark.parametrize(("name", "flags"), [("tcp", NO_FLAGS), ("udp", b"")])
@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, []),
        ({"dport": (80, 80)}, [Condition(DPORT, EQUAL, (80, 80))]),
        ({"dport": (80, 90)}, [Condition(DPORT, EQUAL, (80, 90))]),
        ({"sport": (53, 53)}, [Condition(SPORT, EQUAL, (53, 53))]),
        ({"dport": (80, 80), "inverted": 2}, [Condition(DPORT, UNEQUAL, (80, 80))]),
        (
            {"sport": (1, 2), "dport": (3, 4), "inverted": 1},
            [Condition(SPORT, UNEQUAL, (1, 2)), Condition(DPORT, EQUAL, (3, 4))],
        ),
        ({"inverted": 2}, [Condition(DPORT, UNEQUAL, ALL)]),
    ],
)
def test_ports_of_tcp_and_udp_are_told(
    name: str, flags: bytes, told: dict[str, object], found: list[Condition]
) -> None:
    assert list(conditions(name, 0, ports(flags=flags, **told))) == found  # type: ignore[arg-type]


@pytest.mark.parametrize("flags", [b"\1\0\0", b"\0\x17\2"], ids=["an option", "syn"])
def test_options_and_flags_of_tcp_are_not_understood(flags: bytes) -> None:
    info = ports(dport=(80, 80), flags=flags)
    assert list(conditions("tcp", 0, info)) == [Condition(DPORT, EQUAL, (80, 80)), Condition("tcp-flags", UNKNOWN)]


def sctp(flags: int, inverted: int = 0) -> bytes:
    """Struct xt_sctp_info with destination port 99 and source ports 1 to 2."""
    return struct.pack("=4H", 99, 99, 1, 2) + bytes(256 + 4 + 12 + 4) + struct.pack("=II", flags, inverted)


@pytest.mark.parametrize(
    ("info", "found"),
    [
        (sctp(2), [Condition(DPORT, EQUAL, (99, 99))]),
        (sctp(2, 2), [Condition(DPORT, UNEQUAL, (99, 99))]),
        (sctp(3, 1), [Condition(SPORT, UNEQUAL, (1, 2)), Condition(DPORT, EQUAL, (99, 99))]),
        (sctp(6), [Condition(DPORT, EQUAL, (99, 99)), Condition("sctp-chunks", UNKNOWN)]),
        (sctp(0), []),
        (sctp(2)[:-1], [Condition("sctp", UNKNOWN)]),
    ],
)
def test_ports_of_sctp_are_told(info: bytes, found: list[Condition]) -> None:
    assert list(conditions("sctp", 0, info)) == found


@pytest.mark.parametrize(
    ("source", "destination", "flags", "found"),
    [
        (0, 4, 0, [Condition(DST_TYPE, EQUAL, 4)]),
        (4, 0, 0, [Condition(SRC_TYPE, EQUAL, 4)]),
        (4, 12, 2, [Condition(SRC_TYPE, EQUAL, 4), Condition(DST_TYPE, UNEQUAL, 12)]),
        (4, 0, 1, [Condition(SRC_TYPE, UNEQUAL, 4)]),
        (0, 4, 4, [Condition("addrtype", UNKNOWN)]),
        (0, 4, 8, [Condition("addrtype", UNKNOWN)]),
    ],
)
def test_types_of_addresses_are_told(source: int, destination: int, flags: int, found: list[Condition]) -> None:
    info = struct.pack("=HHI", source, destination, flags)
    assert list(conditions("addrtype", 1, info)) == found
    assert list(conditions("addrtype", 0, info)) == [Condition("addrtype", UNKNOWN)]
    assert list(conditions("addrtype", 1, info[:-1])) == [Condition("addrtype", UNKNOWN)]


def conntrack(revision: int, states: int, *, matched: int = 1, inverted: int = 0) -> bytes:
    """Struct xt_conntrack_mtinfo of a revision; in the first a state has eight bits, and the status follows."""
    head = bytes(146) + struct.pack("=HH", matched, inverted)
    tail = struct.pack("=BB", states, 0xFF) if revision == 1 else struct.pack("=HH", states, 0xFFFF)
    return (head + tail).ljust(CONNTRACK_SIZES[revision], b"\xff")


@pytest.mark.parametrize("revision", [1, 2, 3])
@pytest.mark.parametrize(
    ("states", "told", "found"),
    [
        (6, {}, Condition(STATE, EQUAL, 6)),
        (6, {"inverted": 1}, Condition(STATE, UNEQUAL, 6)),
        (8, {"matched": 1 | 1 << 13}, Condition(STATE, EQUAL, 8)),
        (128 | 6, {}, Condition(STATE, EQUAL, 128 | 6)),
        (64, {}, Condition("conntrack", UNKNOWN)),
        (8, {"matched": 3}, Condition("conntrack", UNKNOWN)),
        (8, {"matched": 2}, Condition("conntrack", UNKNOWN)),
    ],
)
def test_states_are_told_by_every_revision(revision: int, states: int, told: dict[str, int], found: Condition) -> None:
    assert list(conditions("conntrack", revision, conntrack(revision, states, **told))) == [found]


def test_untracked_has_the_bit_that_nf_tables_gives_it() -> None:
    assert list(conditions("conntrack", 3, conntrack(3, 1 << 8 | 1))) == [Condition(STATE, EQUAL, 64 | 1)]
    assert list(conditions("state", 0, struct.pack("=I", 64 | 1))) == [Condition(STATE, EQUAL, 64 | 1)]


def test_half_a_blob_is_not_understood() -> None:
    for name, info in (("tcp", ports(flags=NO_FLAGS)[:-2]), ("udp", ports()[:-2]), ("state", bytes(3))):
        assert list(conditions(name, 0, info)) == [Condition(name, UNKNOWN)]
    assert list(conditions("conntrack", 3, conntrack(3, 8)[:150])) == [Condition("conntrack", UNKNOWN)]


def test_a_comment_asks_nothing_and_a_stranger_something_unknown() -> None:
    assert list(conditions("comment", 0, b"a remark")) == []
    assert list(conditions("string", 1, b"")) == [Condition("string", UNKNOWN)]


def range2(address: str, port: int) -> bytes:
    """Struct nf_nat_range2 of one address and one port."""
    packed = ip_address(address).packed.ljust(16, b"\0") if address else bytes(16)
    return struct.pack("=I", 3) + packed * 2 + struct.pack(">HHH", port, port, 0) + b"\0\0"


def compat(address: str, port: int) -> bytes:
    """Struct nf_nat_ipv4_multi_range_compat with one range."""
    packed = ip_address(address).packed if address else bytes(4)
    return struct.pack("=II", 1, 3) + packed * 2 + struct.pack(">HH", port, port)


@pytest.mark.parametrize(
    ("info", "revision", "size", "found"),
    [
        (range2("172.18.0.2", 80), 2, 4, ("172.18.0.2", 80)),
        (range2("172.18.0.2", 0), 2, 4, ("172.18.0.2", 0)),
        (range2("", 8080), 2, 4, ("", 8080)),
        (range2("fd00:18::2", 80), 2, 16, ("fd00:18::2", 80)),
        (range2("fd00:18::2", 80)[:40], 1, 16, ("fd00:18::2", 80)),
        (compat("172.18.0.2", 80), 0, 4, ("172.18.0.2", 80)),
        (compat("", 8080), 0, 4, ("", 8080)),
        (compat("192.0.2.10", 0), 1, 4, ("192.0.2.10", 0)),
    ],
)
def test_where_a_translation_leads_is_told(info: bytes, revision: int, size: int, found: tuple[str, int]) -> None:
    assert translation(info, revision, size) == found


@pytest.mark.parametrize(("info", "revision"), [(range2("172.18.0.2", 80)[:37], 2), (compat("172.18.0.2", 80)[:17], 0)])
def test_half_a_translation_leads_nowhere(info: bytes, revision: int) -> None:
    with pytest.raises(ValueError, match="half a translation"):
        translation(info, revision, 4)
