"""Blobs of xtables, put together as iptables does."""

import struct
from ipaddress import ip_address

import pytest

from exporter.core.nat.ruleset import (
    BRIDGED,
    CT_MARK,
    DIRECTION,
    DPORT,
    DST,
    DST_TYPE,
    EITHER_PORT,
    EQUAL,
    IIF_GROUP,
    IN,
    MARK,
    NOT_IN,
    OIF_GROUP,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PACKET_TYPE,
    PROTOCOL,
    REVERSE_PATH,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    TCP_FLAGS,
    UNEQUAL,
    UNKNOWN,
    UNTRACKED,
    Condition,
    Effect,
)
from exporter.kernel.firewall.nftables.xt import conditions
from exporter.kernel.firewall.nftables.xt_targets import effects, is_range, translation, undecoded

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


@pytest.mark.parametrize(
    ("flags", "inverted", "found"),
    [
        (b"\1\0\0", 0, Condition("tcp-option", UNKNOWN)),
        (b"\0\x17\2", 0, Condition(TCP_FLAGS, EQUAL, (2, 0x17))),
        (b"\0\x17\2", 4, Condition(TCP_FLAGS, UNEQUAL, (2, 0x17))),
    ],
    ids=["an option", "syn", "not syn"],
)
def test_flags_of_tcp_are_told_and_its_options_are_not_understood(
    flags: bytes, inverted: int, found: Condition
) -> None:
    info = ports(dport=(80, 80), flags=flags, inverted=inverted)
    assert list(conditions("tcp", 0, info)) == [Condition(DPORT, EQUAL, (80, 80)), found]


def multiport(which: int, *ranges: tuple[int, int], inverted: int = 0) -> bytes:
    """Struct xt_multiport_v1; of a range the first port is marked."""
    listed = [
        (port, first != last and port == first)
        for first, last in ranges
        for port in ((first, last) if first != last else (first,))
    ]
    places = [port for port, _ in listed] + [0] * (15 - len(listed))
    begins = [begin for _, begin in listed] + [False] * (15 - len(listed))
    return struct.pack("=BB15H15BB", which, len(listed), *places, *begins, inverted)


@pytest.mark.parametrize(
    ("info", "found"),
    [
        (multiport(1, (80, 80), (8080, 8090)), Condition(DPORT, IN, ((80, 80), (8080, 8090)))),
        (multiport(0, (53, 53)), Condition(SPORT, IN, ((53, 53),))),
        (multiport(2, (53, 53), inverted=1), Condition(EITHER_PORT, NOT_IN, ((53, 53),))),
        (multiport(1, (80, 80))[:-1], Condition("multiport", UNKNOWN)),
        (multiport(3, (80, 80)), Condition("multiport", UNKNOWN)),
    ],
)
def test_lists_of_ports_are_told(info: bytes, found: Condition) -> None:
    assert conditions("multiport", 1, info) == [found]
    assert conditions("multiport", 0, info) == [Condition("multiport", UNKNOWN)]


def iprange(flags: int, *addresses: str) -> bytes:
    """Struct xt_iprange_mtinfo."""
    return b"".join(ip_address(a).packed.ljust(16, b"\0") for a in addresses) + bytes([flags])


def test_ranges_of_addresses_are_told() -> None:
    info = ("192.0.2.1", "192.0.2.9", "198.51.100.1", "198.51.100.2")
    src, dst = (int(ip_address(a)) for a in info[:2]), (int(ip_address(a)) for a in info[2:])
    both = [Condition(SRC, IN, (tuple(src),)), Condition(DST, NOT_IN, (tuple(dst),))]
    assert conditions("iprange", 1, iprange(1 | 2 | 32, *info)) == both
    six = tuple(int(ip_address(a)) for a in ("fd00::1", "fd00::2"))
    assert conditions("iprange", 1, iprange(17, "fd00::1", "fd00::2", "::", "::"), "ip6") == [
        Condition(SRC, NOT_IN, (six,))
    ]
    assert conditions("iprange", 1, iprange(1, *info)[:-1]) == [Condition("iprange", UNKNOWN)]


@pytest.mark.parametrize(("name", "key"), [("mark", MARK), ("connmark", CT_MARK)])
def test_marks_are_told_with_their_masks(name: str, key: str) -> None:
    assert conditions(name, 1, struct.pack("=IIB", 1, 0xFF, 0)) == [Condition(key, EQUAL, (1, 0xFF))]
    assert conditions(name, 1, struct.pack("=IIB", 1, 0xFF, 1)) == [Condition(key, UNEQUAL, (1, 0xFF))]


def test_types_of_packets_and_the_way_back_are_told() -> None:
    assert conditions("pkttype", 0, struct.pack("=ii", 1, 1)) == [Condition(PACKET_TYPE, UNEQUAL, 1)]
    assert conditions("rpfilter", 0, b"\x08") == [Condition(REVERSE_PATH, EQUAL, value=False)]
    assert conditions("rpfilter", 0, b"\x01") == [Condition(REVERSE_PATH, EQUAL, value=True)]


def physdev(options: int, inverted: int = 0) -> bytes:
    return bytes(64) + bytes([inverted, options])


def test_whether_a_bridge_sends_a_packet_on() -> None:
    assert conditions("physdev", 0, physdev(4)) == [Condition(BRIDGED, EQUAL, value=True)]
    assert conditions("physdev", 0, physdev(4, 4)) == [Condition(BRIDGED, EQUAL, value=False)]
    assert conditions("physdev", 0, physdev(1 | 4)) == [Condition("physdev", UNKNOWN)]
    assert conditions("physdev", 0, b"") == [Condition("physdev", UNKNOWN)]


ALL_BITS = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("name", "revision", "info", "found"),
    [
        ("MARK", 2, struct.pack("=II", 1, ALL_BITS), [Effect(MARK, 0, 0, 1)]),
        ("MARK", 2, struct.pack("=II", 1, 0xFF), [Effect(MARK, ALL_BITS ^ 0xFF, 0, 1)]),
        ("MARK", 1, struct.pack("=II", 1, 0xFF), [Effect(MARK, xor=None)]),
        ("CONNMARK", 1, struct.pack("=IIIB", 5, 7, 0, 0), [Effect(CT_MARK, ALL_BITS ^ 7, 0, 5)]),
        ("CONNMARK", 2, struct.pack("=IIIBBB", 0, 7, 15, 0, 0, 1), [Effect(CT_MARK, ALL_BITS ^ 7, 15, 0)]),
        ("CONNMARK", 1, struct.pack("=IIIB", 0, 7, 15, 2), [Effect(MARK, ALL_BITS ^ 15, 7, 0)]),
        ("CONNMARK", 2, struct.pack("=IIIBBB", 0, 7, 15, 0, 8, 2), [Effect(CT_MARK, xor=None), Effect(MARK, xor=None)]),
        ("HMARK", 0, b"", [Effect(MARK, xor=None)]),
        ("CT", 2, struct.pack("=HH", 1, 0), [Effect(UNTRACKED)]),
        ("CT", 2, struct.pack("=HH", 0, 0), []),
        ("NOTRACK", 0, b"", [Effect(UNTRACKED)]),
        ("ACCEPT", 0, b"", []),
    ],
)
def test_what_a_target_does_to_marks_is_told(name: str, revision: int, info: bytes, found: list[Effect]) -> None:
    assert list(effects(name, revision, info)) == found


def test_dnat_to_one_of_several_addresses_is_a_range() -> None:
    several = range2("172.18.0.2", 80)[:20] + ip_address("172.18.0.9").packed.ljust(16, b"\0") + bytes(8)
    assert is_range("DNAT", 2, several, 4)
    assert not is_range("SNAT", 2, several, 4)
    assert not is_range("DNAT", 2, range2("172.18.0.2", 80), 4)
    assert not is_range("DNAT", 0, compat("172.18.0.2", 80), 4)


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
        (0, {"matched": 2}, Condition(PROTOCOL, EQUAL, "0")),
        (0, {"matched": 1 << 12}, Condition(DIRECTION, EQUAL, 0)),
        (0, {"matched": 1 << 12, "inverted": 1 << 12}, Condition(DIRECTION, UNEQUAL, 0)),
        (0, {"matched": 4}, Condition("conntrack", UNKNOWN)),
    ],
)
def test_states_are_told_by_every_revision(revision: int, states: int, told: dict[str, int], found: Condition) -> None:
    assert list(conditions("conntrack", revision, conntrack(revision, states, **told))) == [found]


def original_dst(revision: int) -> bytes:
    """`--ctorigdst 192.0.2.10 --ctorigdstport 8080`, of revision 3 to 8090."""
    address, mask = ip_address("192.0.2.10").packed.ljust(16, b"\0"), b"\xff" * 4 + bytes(12)
    port = struct.pack("=H" if revision == 3 else ">H", 8080)
    flags = struct.pack("=HHHH", 8 | 1 << 9, 1 << 9, 0, 0)
    info = bytes(32) + address + mask + bytes(76) + port + bytes(4) + flags
    return (info + struct.pack("=HH", 0, 8090)).ljust(CONNTRACK_SIZES[revision], b"\0")


@pytest.mark.parametrize(("revision", "last"), [(1, 8080), (2, 8080), (3, 8090)])
def test_the_original_destination_is_told(revision: int, last: int) -> None:
    address = int(ip_address("192.0.2.10"))
    assert conditions("conntrack", revision, original_dst(revision)) == [
        Condition(ORIGINAL_DST, EQUAL, (address, 0xFFFFFFFF)),
        Condition(ORIGINAL_DPORT, UNEQUAL, (8080, last)),
    ]


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


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (1, [Condition(IIF_GROUP, EQUAL, (7, 255))]),
        (3, [Condition(IIF_GROUP, UNEQUAL, (7, 255))]),
        (12, [Condition(OIF_GROUP, UNEQUAL, (8, 15))]),
        (5, [Condition(IIF_GROUP, EQUAL, (7, 255)), Condition(OIF_GROUP, EQUAL, (8, 15))]),
    ],
)
def test_groups_of_devices_are_told(flags: int, found: list[Condition]) -> None:
    assert conditions("devgroup", 0, struct.pack("=5I", flags, 7, 255, 8, 15)) == found


@pytest.mark.parametrize(
    ("name", "info", "found"),
    [
        ("CT", struct.pack("=HH", 0, 5), "?zone"),
        ("CT", struct.pack("=HH", 16, 0), "?zone"),
        ("CT", struct.pack("=HH", 1, 0), ""),
        ("CT", bytes(28) + b"short\0", "?timeout"),
        ("CT", bytes(60), ""),
        ("CT", b"", "?zone"),
        ("TTL", bytes([0, 1]), "?ttl"),
        ("TTL", bytes([0, 64]), ""),
        ("TTL", bytes([1, 1]), ""),
        ("HL", bytes([2, 1]), "?ttl"),
        ("HL", b"", "?ttl"),
        ("MARK", b"", ""),
    ],
)
def test_what_no_walk_follows_is_named(name: str, info: bytes, found: str) -> None:
    assert undecoded(name, info) == found
