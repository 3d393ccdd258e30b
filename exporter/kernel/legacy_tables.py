"""The tables of iptables-legacy, by getsockopt: CAP_NET_ADMIN is enough, iptables-legacy-save would want NET_RAW too.

Any question for a table makes it, and iptables-nft warns from then on: which tables there are is read from /proc first.
A change is told to nobody. Sources: linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from exporter.core.nat.ruleset import (
    DST,
    EQUAL,
    IIF,
    IP,
    IP6,
    JUMP,
    OIF,
    PROTOCOL,
    RETURN,
    SRC,
    UNEQUAL,
    Base,
    Condition,
    Place,
    Rule,
)
from exporter.kernel.nftables import xt
from exporter.kernel.nftables.comparisons import ADDRESS_BYTES, PROTOCOLS

GET_INFO, GET_ENTRIES = 64, 65
LEVELS = {IP: socket.IPPROTO_IP, IP6: socket.IPPROTO_IPV6}
SOCKET_FAMILIES = {IP: socket.AF_INET, IP6: socket.AF_INET6}
NAMES = {IP: "ip_tables_names", IP6: "ip6_tables_names"}
HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
VERDICTS = {-1: "DROP", -2: "ACCEPT", -4: "QUEUE", -5: RETURN}
POLICIES = {-1: "DROP", -2: "ACCEPT"}
INFO = struct.Struct("=32s13I")  # name, valid_hooks, hook_entry[5], underflow[5], num_entries, size
OFFSETS = struct.Struct("=HH")
COUNTERS = struct.Struct("=QQ")  # packets, bytes
VERDICT = struct.Struct("=i")
NAME_BYTES, TARGET_HEADER = 29, 32  # struct xt_entry_target: size, name, revision, then its data
INVERTED = {IIF: 1, OIF: 2, SRC: 8, DST: 16, PROTOCOL: 64}
ERROR, STANDARD = "ERROR", ""
GOTO_FLAG = 2

LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where fields of struct ipt_entry or ip6t_entry stand."""

    head: struct.Struct
    flags_at: int
    target_offset_at: int
    counters_at: int
    matches_at: int


LAYOUTS = {
    IP: Layout(struct.Struct("=4s4s4s4s16s16s16s16sHBB"), 82, 88, 96, 112),
    IP6: Layout(struct.Struct("=16s16s16s16s16s16s16s16sHBBB"), 131, 140, 152, 168),
}


@dataclass(frozen=True, slots=True)
class LegacyTable:
    """One table: its chains with their rules, its policies, and the packets of each rule in their order."""

    chains: dict[Place, tuple[Rule, ...]]
    bases: dict[Place, Base]
    packets: list[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a table's blob: where it stands, its target, and its bytes without the counters."""

    offset: int
    end: int
    target_at: int
    target: str
    packets: int
    data: bytes


def table_names(procfs: Path, family: str) -> list[str]:
    """Return which legacy tables exist; readable by root alone. Raises OSError when it may not be read."""
    try:
        return (procfs / "thread-self/net" / NAMES[family]).read_text().split()
    except FileNotFoundError:
        return []


def read_table(family: str, name: str) -> LegacyTable:
    """Read a table that exists. Raises OSError for a refusal, ValueError for what is no table."""
    with socket.socket(SOCKET_FAMILIES[family], socket.SOCK_DGRAM) as sock:
        info = bytearray(INFO.size)
        info[: len(name)] = name.encode()
        _ask(sock, LEVELS[family], GET_INFO, info)
        _, valid, *rest = INFO.unpack(info)
        size = rest[11]
        data = bytearray(40 + size)  # struct ipt_get_entries: name, size, padding, entries
        data[: len(name)] = name.encode()
        struct.pack_into("=I", data, 32, size)
        _ask(sock, LEVELS[family], GET_ENTRIES, data)
    heads = {offset: HOOKS[hook] for hook, offset in enumerate(rest[:5]) if valid >> hook & 1}
    ends = {offset: HOOKS[hook] for hook, offset in enumerate(rest[5:10]) if valid >> hook & 1}
    return parse_table(family, name, heads, ends, bytes(data[40:]))


def _ask(sock: socket.socket, level: int, option: int, buffer: bytearray) -> None:
    """Python's own getsockopt hands no buffer in, and gives 1 KiB at most."""
    length = ctypes.c_uint32(len(buffer))
    place = (ctypes.c_char * len(buffer)).from_buffer(buffer)
    if LIBC.getsockopt(sock.fileno(), level, option, place, ctypes.byref(length)):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def parse_table(family: str, table: str, heads: dict[int, str], ends: dict[int, str], data: bytes) -> LegacyTable:
    """Parse the entries: `heads` and `ends` are where built-in chains begin, and where their policies stand."""
    entries = list(parse_entries(LAYOUTS[family], data))
    names = {**heads, **{entry.end: _name_of_chain(entry) for entry in entries if entry.target == ERROR}}
    chains: dict[Place, list[Rule]] = {}
    bases: dict[Place, Base] = {}
    packets = []
    place: Place = (family, table, "")
    for number, entry in enumerate(entries):
        if entry.offset in names and entry.target != ERROR:
            place = family, table, names[entry.offset]
            chains.setdefault(place, [])
        if entry.offset in ends:
            verdict = VERDICT.unpack_from(entry.data, entry.target_at + TARGET_HEADER)[0]
            chain = family, table, ends[entry.offset]
            bases[chain] = Base(ends[entry.offset].lower(), 0, POLICIES.get(verdict, "ACCEPT"))
        elif entry.target != ERROR and not _ends_a_chain(entries, number):
            jump = _jump(entry, names)
            chains[place].append(parse_rule(family, table, place[2], entry.target_at, jump, entry.data))
            packets.append(entry.packets)
    return LegacyTable({key: tuple(rules) for key, rules in chains.items()}, bases, packets)


def parse_entries(layout: Layout, data: bytes) -> Iterator[Entry]:
    """Walk the entries. A wrong size would walk for ever: ValueError."""
    offset = 0
    while offset < len(data):
        target_offset, next_offset = OFFSETS.unpack_from(data, offset + layout.target_offset_at)
        if not layout.matches_at <= target_offset < next_offset <= len(data) - offset:
            raise ValueError("no entry of a legacy table")
        counters = offset + layout.counters_at
        raw = data[offset:counters] + bytes(COUNTERS.size) + data[counters + COUNTERS.size : offset + next_offset]
        name = _text(raw[target_offset + 2 : target_offset + 2 + NAME_BYTES])
        packets = COUNTERS.unpack_from(data, counters)[0]
        yield Entry(offset, offset + next_offset, target_offset, name, packets, raw)
        offset += next_offset


def _name_of_chain(entry: Entry) -> str:
    at = entry.target_at + TARGET_HEADER
    return _text(entry.data[at : at + TARGET_HEADER])


def _ends_a_chain(entries: list[Entry], number: int) -> bool:
    """Whether it is the RETURN that every chain of a user's own ends with."""
    last = number + 1 < len(entries) and entries[number + 1].target == ERROR
    return last and entries[number].target == STANDARD


def _jump(entry: Entry, names: dict[int, str]) -> str:
    """Return the chain that an entry leads to, '' if none: a verdict that is no verdict is an offset."""
    if entry.target != STANDARD:
        return ""
    verdict = VERDICT.unpack_from(entry.data, entry.target_at + TARGET_HEADER)[0]
    return "" if verdict < 0 or verdict == entry.end else names.get(verdict, "?")


@lru_cache(1 << 16)
def parse_rule(family: str, table: str, chain: str, target_at: int, jump: str, data: bytes) -> Rule:
    """Parse one entry without its counters; `jump` is the chain it leads to."""
    conditions = (*_header(family, data), *_matches(family, target_at, data))
    name = _text(data[target_at + 2 : target_at + 2 + NAME_BYTES])
    address, port = "", 0
    if name == STANDARD:
        verdict = VERDICT.unpack_from(data, target_at + TARGET_HEADER)[0]
        goto = data[LAYOUTS[family].flags_at] & GOTO_FLAG
        name = VERDICTS.get(verdict, "") if not jump else "GOTO" if goto else JUMP
    elif name in ("DNAT", "SNAT"):
        revision = data[target_at + 2 + NAME_BYTES]
        address, port = xt.translation(data[target_at + TARGET_HEADER :], revision, ADDRESS_BYTES[family])
    return Rule(family, table, chain, name, jump, address, port, conditions)


def _header(family: str, data: bytes) -> Iterator[Condition]:
    """The conditions of struct ipt_ip or ip6t_ip6 itself."""
    src, dst, src_mask, dst_mask, iif, oif, iif_mask, oif_mask, protocol, *rest = LAYOUTS[family].head.unpack_from(data)
    inverted = rest[-1]
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
    """A mask that leaves out the NUL wants the beginning of a name only."""
    if not any(mask):
        return None
    text = _text(name)
    return text if mask.count(b"\xff") > len(text) else f"{text}*"


def _matches(family: str, target_at: int, data: bytes) -> Iterator[Condition]:
    offset = LAYOUTS[family].matches_at
    while offset < target_at:
        size = int.from_bytes(data[offset : offset + 2], "little" if _LITTLE else "big")
        if size < TARGET_HEADER:
            raise ValueError("no match of a legacy rule")
        name, revision = _text(data[offset + 2 : offset + 2 + NAME_BYTES]), data[offset + 2 + NAME_BYTES]
        yield from xt.conditions(name, revision, data[offset + TARGET_HEADER : offset + size])
        offset += size


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode(errors="replace")


_LITTLE = struct.pack("=H", 1) == b"\1\0"
