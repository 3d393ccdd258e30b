"""Entries of a table of iptables-legacy: struct ipt_entry or ip6t_entry, its matches, its target, and then the next.

Sources: linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h, linux/netfilter/x_tables.h.
"""

import struct
import sys
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from exporter.core.nat.ruleset import (
    DST,
    EQUAL,
    GOTO,
    IIF,
    IP,
    IP6,
    JUMP,
    OIF,
    PROTOCOL,
    RETURN,
    SRC,
    UNEQUAL,
    UNKNOWN,
    Condition,
    Effect,
    Rule,
)
from exporter.kernel.firewall.nftables import xt, xt_targets
from exporter.kernel.netlink.protocols import ADDRESS_BYTES, PROTOCOLS

VERDICTS = {-1: "DROP", -2: "ACCEPT", -4: "QUEUE", -5: RETURN}
OFFSETS = struct.Struct("=HH")
COUNTERS = struct.Struct("=QQ")  # packets, bytes
VERDICT = struct.Struct("=i")
NAME_BYTES, TARGET_HEADER = 29, 32  # struct xt_entry_target: size, name, revision, then its data
INVERTED = {IIF: 1, OIF: 2, SRC: 8, DST: 16, PROTOCOL: 64}
ERROR, STANDARD = "ERROR", ""


class Layout(Struct, frozen=True):
    """Where fields of an entry stand; `strange` are flags of conditions that are not understood."""

    head: struct.Struct
    flags_at: int
    target_offset_at: int
    counters_at: int
    matches_at: int
    goto: int
    strange: int


LAYOUTS = {
    # IPT_F_GOTO, IPT_F_FRAG; IP6T_F_GOTO, IP6T_F_TOS
    IP: Layout(struct.Struct("=4s4s4s4s16s16s16s16sHBB"), 82, 88, 96, 112, goto=2, strange=1),
    IP6: Layout(struct.Struct("=16s16s16s16s16s16s16s16sHBBB"), 131, 140, 152, 168, goto=4, strange=2),
}


class Entry(Struct, frozen=True):
    """One entry of a table's blob: where it stands, its target, and its bytes without the counters."""

    offset: int
    end: int
    target_at: int
    target: str
    packets: int
    data: bytes


def parse_entries(layout: Layout, data: bytes) -> Iterator[Entry]:
    """Walk the entries. A wrong size would walk for ever: ValueError."""
    offset = 0
    while offset < len(data):
        target_offset, next_offset = OFFSETS.unpack_from(data, offset + layout.target_offset_at)
        if not layout.matches_at <= target_offset < next_offset <= len(data) - offset:
            raise ValueError("no entry of a legacy table")
        counters = offset + layout.counters_at
        raw = data[offset:counters] + bytes(COUNTERS.size) + data[counters + COUNTERS.size : offset + next_offset]
        name = text(raw[target_offset + 2 : target_offset + 2 + NAME_BYTES])
        packets = COUNTERS.unpack_from(data, counters)[0]
        yield Entry(offset, offset + next_offset, target_offset, name, packets, raw)
        offset += next_offset


@lru_cache(1 << 16)
def parse_rule(family: str, table: str, chain: str, target_at: int, jump: str, data: bytes) -> Rule:
    """Parse one entry without its counters; `jump` is the chain that it jumps to."""
    conditions: tuple[Condition, ...] = (*_header(family, data), *_matches(family, target_at, data))
    name = text(data[target_at + 2 : target_at + 2 + NAME_BYTES])
    address, port = "", 0
    effects: tuple[Effect, ...] = ()
    if name == STANDARD:
        verdict = VERDICT.unpack_from(data, target_at + TARGET_HEADER)[0]
        layout = LAYOUTS[family]
        if jump:
            name = GOTO if data[layout.flags_at] & layout.goto else JUMP
        elif verdict < 0:
            name = VERDICTS.get(verdict, "?verdict")
    else:
        revision, info = data[target_at + 2 + NAME_BYTES], data[target_at + TARGET_HEADER :]
        effects = tuple(e._replace(behind=len(conditions)) for e in xt_targets.effects(name, revision, info))
        if name in xt_targets.TRANSLATIONS:
            address, port = xt_targets.translation(info, revision, ADDRESS_BYTES[family])
            if xt_targets.is_range(name, revision, info, ADDRESS_BYTES[family]):
                conditions = *conditions, Condition("nat", UNKNOWN)
        name = xt_targets.undecoded(name, info) or name
    return Rule(family, table, chain, name, jump, address, port, conditions, effects=effects)


def _header(family: str, data: bytes) -> Iterator[Condition]:
    """The conditions of struct ipt_ip or ip6t_ip6 itself."""
    src, dst, src_mask, dst_mask, iif, oif, iif_mask, oif_mask, protocol, *rest = LAYOUTS[family].head.unpack_from(data)
    inverted = rest[-1]
    if data[LAYOUTS[family].flags_at] & LAYOUTS[family].strange:
        yield Condition("flags", UNKNOWN)
    wanted = (
        (SRC, _network(src, src_mask) if any(src_mask) else None),
        (DST, _network(dst, dst_mask) if any(dst_mask) else None),
        (IIF, _device(iif, iif_mask)),
        (OIF, _device(oif, oif_mask)),
        (PROTOCOL, PROTOCOLS.get(protocol, str(protocol)) if protocol else None),
    )
    for key, value in wanted:
        if value is not None:
            yield Condition(key, UNEQUAL if inverted & INVERTED[key] else EQUAL, value)


def _network(address: bytes, mask: bytes) -> tuple[int, int]:
    return int.from_bytes(address, "big"), int.from_bytes(mask, "big")


def _device(name: bytes, mask: bytes) -> str | None:
    """A mask without the NUL matches a prefix of the name; iptables leaves the '+' after it."""
    wanted = mask.count(b"\xff")
    if not wanted:
        return None
    known = text(name)
    return known if wanted > len(known) else f"{text(name[:wanted])}*"


def _matches(family: str, target_at: int, data: bytes) -> Iterator[Condition]:
    offset = LAYOUTS[family].matches_at
    while offset < target_at:
        size = int.from_bytes(data[offset : offset + 2], sys.byteorder)
        if not TARGET_HEADER <= size <= target_at - offset:
            raise ValueError("no match of a legacy rule")
        name, revision = text(data[offset + 2 : offset + 2 + NAME_BYTES]), data[offset + 2 + NAME_BYTES]
        yield from xt.conditions(name, revision, data[offset + TARGET_HEADER : offset + size], family)
        offset += size


def text(data: bytes) -> str:
    """Read a string that ends with a NUL, or with the data."""
    return data.split(b"\0", 1)[0].decode(errors="replace")
