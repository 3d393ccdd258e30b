"""The tables of iptables-legacy, by getsockopt: CAP_NET_ADMIN is enough, iptables-legacy-save needs NET_RAW too.

Reading a table creates it, and iptables-nft warns from then on: the names of the tables are read from /proc first.
The kernel sends no notifications of changes.
Sources: linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h.
"""

import contextlib
import ctypes
import socket
import struct
from pathlib import Path

from msgspec import Struct

from exporter.core.nat.ruleset import FILTER, IP, IP6, MANGLE, NAT, RAW, SECURITY, Base, Place, Rule
from exporter.kernel.firewall.iptables_legacy.entries import (
    ERROR,
    LAYOUTS,
    STANDARD,
    TARGET_HEADER,
    VERDICT,
    Entry,
    parse_entries,
    parse_rule,
    text,
)
from exporter.kernel.libc import checked, libc
from exporter.kernel.proc import read_text

GET_INFO, GET_ENTRIES = 64, 65
LEVELS = {IP: socket.IPPROTO_IP, IP6: socket.IPPROTO_IPV6}
SOCKET_FAMILIES = {IP: socket.AF_INET, IP6: socket.AF_INET6}
NAMES = {IP: "ip_tables_names", IP6: "ip6_tables_names"}
HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
POLICIES = {-1: "DROP", -2: "ACCEPT"}
# linux/netfilter_ipv4.h: NF_IP_PRI_*; NAT's is that of the source behind the routing, of the destination before it.
PRIORITIES = {RAW: -300, MANGLE: -150, FILTER: 0, SECURITY: 50}
NAT_PRIORITIES = {"PREROUTING": -100, "OUTPUT": -100, "INPUT": 100, "POSTROUTING": 100}
INFO = struct.Struct("=32s13I")  # name, valid_hooks, hook_entry[5], underflow[5], num_entries, size
NAME_SIZE, ENTRIES_AT = 32, 40  # of struct ipt_get_entries: name, size, padding, entries
TRIES = 5


class LegacyTable(Struct, frozen=True):
    """One table: its chains with their rules, its policies, and the packets of each rule in their order."""

    name: str
    chains: dict[Place, tuple[Rule, ...]]
    bases: dict[Place, Base]
    packets: list[int]


def table_names(procfs: Path, family: str) -> list[str]:
    """Return which legacy tables exist; readable by root alone. Raises OSError when it may not be read."""
    try:
        return read_text(f"{procfs}/thread-self/net/{NAMES[family]}").split()
    except FileNotFoundError:
        return []


def has_rules(family: str, name: str, chain: str) -> bool:
    """Whether a built-in chain of a table that exists has a rule: its policy is not its first entry. Raises OSError."""
    with socket.socket(SOCKET_FAMILIES[family], socket.SOCK_DGRAM) as sock:
        info = bytearray(name.encode().ljust(INFO.size, b"\0"))
        _ask(sock, LEVELS[family], GET_INFO, info)
    _, valid, *offsets, _, _ = INFO.unpack(info)
    hook = HOOKS.index(chain)
    return bool(valid >> hook & 1) and offsets[hook] != offsets[len(HOOKS) + hook]


def read_table(family: str, name: str) -> LegacyTable:
    """Read a table that exists. Raises OSError for a refusal, ValueError for data that is not a table."""
    return parse_answers(family, name, *read_answers(family, name))


def read_answers(family: str, name: str) -> tuple[bytes, bytes]:
    """Ask for struct ipt_getinfo, and for struct ipt_get_entries with the entries behind it."""
    for _ in range(TRIES - 1):
        with contextlib.suppress(BlockingIOError):  # the table was written anew between the two
            return _read_answers(family, name)
    return _read_answers(family, name)


def _read_answers(family: str, name: str) -> tuple[bytes, bytes]:
    with socket.socket(SOCKET_FAMILIES[family], socket.SOCK_DGRAM) as sock:
        info = bytearray(name.encode().ljust(INFO.size, b"\0"))
        _ask(sock, LEVELS[family], GET_INFO, info)
        size = INFO.unpack(info)[-1]
        data = bytearray(name.encode().ljust(NAME_SIZE, b"\0")) + struct.pack("=I4x", size) + bytes(size)
        _ask(sock, LEVELS[family], GET_ENTRIES, data)
    return bytes(info), bytes(data)


def parse_answers(family: str, name: str, info: bytes, data: bytes) -> LegacyTable:
    """Parse both. Raises ValueError for data that is not a table."""
    try:
        return _parse_answers(family, name, info, data)
    except (struct.error, LookupError) as error:
        raise ValueError("no legacy table") from error


def _parse_answers(family: str, name: str, info: bytes, data: bytes) -> LegacyTable:
    _, valid, *rest, size = INFO.unpack(info)
    if len(data) != ENTRIES_AT + size:
        raise ValueError(f"no legacy table of {size} bytes: the kernel returned {len(data) - ENTRIES_AT}")
    heads = {offset: HOOKS[hook] for hook, offset in enumerate(rest[:5]) if valid >> hook & 1}
    ends = {offset: HOOKS[hook] for hook, offset in enumerate(rest[5:10]) if valid >> hook & 1}
    return parse_table(family, name, heads, ends, data[ENTRIES_AT:])


def _ask(sock: socket.socket, level: int, option: int, buffer: bytearray) -> None:
    """Python's own getsockopt hands no buffer in, and gives 1 KiB at most."""
    length = ctypes.c_uint32(len(buffer))
    place = (ctypes.c_char * len(buffer)).from_buffer(buffer)
    checked(libc.getsockopt(sock.fileno(), level, option, place, ctypes.byref(length)), "getsockopt")


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
            bases[family, table, ends[entry.offset]] = _base(table, ends[entry.offset], verdict)
        elif entry.target != ERROR and not _ends_a_chain(entries, number):
            jump = _jump(entry, names)
            chains[place].append(parse_rule(family, table, place[2], entry.target_at, jump, entry.data))
            packets.append(entry.packets)
    return LegacyTable(table, {key: tuple(rules) for key, rules in chains.items()}, bases, packets)


def _base(table: str, chain: str, verdict: int) -> Base:
    translates = table == NAT
    priority = NAT_PRIORITIES[chain] if translates else PRIORITIES.get(table, 0)
    return Base(chain.lower(), POLICIES.get(verdict, "ACCEPT"), NAT if translates else FILTER, priority)


def _name_of_chain(entry: Entry) -> str:
    at = entry.target_at + TARGET_HEADER
    return text(entry.data[at : at + TARGET_HEADER])


def _ends_a_chain(entries: list[Entry], number: int) -> bool:
    """Whether it is the RETURN that every chain of a user's own ends with."""
    last = number + 1 < len(entries) and entries[number + 1].target == ERROR
    return last and entries[number].target == STANDARD


def _jump(entry: Entry, names: dict[int, str]) -> str:
    """Return the chain that an entry jumps to, '' if none: a verdict >= 0 is the offset of an entry."""
    if entry.target != STANDARD:
        return ""
    verdict = VERDICT.unpack_from(entry.data, entry.target_at + TARGET_HEADER)[0]
    return "" if verdict < 0 or verdict == entry.end else names[verdict]
