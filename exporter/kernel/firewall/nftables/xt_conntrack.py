"""The match conntrack of xtables (linux/netfilter/xt_conntrack.h)."""

import struct
from collections.abc import Iterator

from exporter.core.nat.ruleset import (
    DIRECTION,
    EQUAL,
    ORIGINAL,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PROTOCOL,
    STATE,
    STATE_UNTRACKED,
    UNEQUAL,
    UNKNOWN,
    Condition,
)
from exporter.kernel.netlink.protocols import ADDRESS_BYTES, PROTOCOLS

# Four addresses with their masks, expires_min and _max, l4proto, ports of both directions, then both kinds of flags.
ORIGINAL_DST_AT, MASK_AT = 32, 48
REST = struct.Struct("=H2x2s4xHHH")  # l4proto, origdst_port, match_flags, invert_flags, state_mask
REST_AT = 136
LAST_PORT_AT = 156  # of revision 3: origdst_port_high
PORTS_IN_HOST_ORDER_SINCE = 3
MATCH_STATE, MATCH_PROTOCOL, MATCH_ORIGINAL_DST = 1, 2, 8
MATCH_ORIGINAL_DPORT, MATCH_DIRECTION = 1 << 9, 1 << 12
STATE_ALIAS = 1 << 13  # marks what was written as `-m state`
UNDERSTOOD = MATCH_STATE | MATCH_PROTOCOL | MATCH_ORIGINAL_DST | MATCH_ORIGINAL_DPORT | MATCH_DIRECTION | STATE_ALIAS
SNAT, UNTRACKED = 1 << 6, 1 << 8  # XT_CONNTRACK_STATE_*, where they are not the kernel's own bits


def conditions(revision: int, info: bytes, family: str) -> Iterator[Condition]:
    """Decode it; one more condition, UNKNOWN, where it matches on another field."""
    protocol, port, matched, inverted, states = REST.unpack_from(info, REST_AT)
    states &= 0xFF if revision == 1 else 0xFFFF

    def operator(flag: int) -> str:
        return UNEQUAL if inverted & flag else EQUAL

    by_snat = matched & MATCH_STATE and states & SNAT
    if matched & ~UNDERSTOOD or by_snat:
        yield Condition("conntrack", UNKNOWN)
    if matched & MATCH_STATE and not by_snat:
        states = states & ~UNTRACKED | STATE_UNTRACKED if states & UNTRACKED else states
        yield Condition(STATE, operator(MATCH_STATE), states)
    if matched & MATCH_PROTOCOL:
        yield Condition(PROTOCOL, operator(MATCH_PROTOCOL), PROTOCOLS.get(protocol, str(protocol)))
    if matched & MATCH_ORIGINAL_DST:
        size = ADDRESS_BYTES[family]
        address, mask = (int.from_bytes(info[at : at + size], "big") for at in (ORIGINAL_DST_AT, MASK_AT))
        yield Condition(ORIGINAL_DST, operator(MATCH_ORIGINAL_DST), (address & mask, mask))
    if matched & MATCH_ORIGINAL_DPORT:
        yield Condition(ORIGINAL_DPORT, operator(MATCH_ORIGINAL_DPORT), _ports(revision, port, info))
    if matched & MATCH_DIRECTION:
        yield Condition(DIRECTION, operator(MATCH_DIRECTION), ORIGINAL)


def _ports(revision: int, raw: bytes, info: bytes) -> tuple[int, int]:
    if revision < PORTS_IN_HOST_ORDER_SINCE:
        port = int.from_bytes(raw, "big")
        return port, port
    [first] = struct.unpack("=H", raw)
    [last] = struct.unpack_from("=H", info, LAST_PORT_AT)
    return first, max(first, last)
