"""Targets of xtables: where translations lead, and what is done to marks and connection tracking.

Sources: linux/netfilter/nf_nat.h, xt_mark.h, xt_connmark.h, xt_CT.h, linux/netfilter_ipv4/ipt_TTL.h. Addresses and
ports of translations are in network byte order, all else in the host's.
"""

import ipaddress
import struct
from collections.abc import Iterator

from exporter.core.nat.ruleset import CT_MARK, MARK, UNTRACKED, Effect

IPV4_BYTES = 4
RANGE_ADDRESS_AT, RANGE_LAST_AT, RANGE_PORT_AT = 4, 20, 36  # struct nf_nat_range2
COMPAT_ADDRESS_AT, COMPAT_LAST_AT, COMPAT_PORT_AT = 8, 12, 16  # struct nf_nat_ipv4_multi_range_compat
TRANSLATIONS = ("DNAT", "SNAT", "REDIRECT")
ALL_BITS = 0xFFFFFFFF
MARK_INFO = struct.Struct("=II")  # of revision 2: mark, mask
# By revision: ctmark, ctmask, nfmask, in the second shift_dir and shift_bits, mode.
CONNMARK_INFO = {1: struct.Struct("=IIIB"), 2: struct.Struct("=IIIBBB")}
SET_MARK, SAVE_MARK, RESTORE_MARK = range(3)  # XT_CONNMARK_*
CT_INFO, CT_NOTRACK = struct.Struct("=HH"), 1  # struct xt_ct_target_info: flags, zone; XT_CT_NOTRACK
CT_ZONES = 4 | 8 | 16  # XT_CT_ZONE_DIR_ORIG, XT_CT_ZONE_DIR_REPL, XT_CT_ZONE_MARK
CT_TIMEOUT_AT = 28  # struct xt_ct_target_info_v1: the name of a timeout policy, '' for none
TTL_SET, TTL_INCREASE = 0, 1  # struct ipt_TTL_info: mode, TTL; IPT_TTL_SET, IPT_TTL_INC
FORWARDED_TTL = 2  # the least with which a packet is forwarded


def translation(info: bytes, revision: int, address_bytes: int) -> tuple[str, int]:
    """Decode the target of DNAT or SNAT: address and port, '' and 0 where they are kept."""
    at, _, port_at = _places(revision, address_bytes)
    if len(info) < port_at + 2:
        raise ValueError("half a translation")
    raw = info[at : at + address_bytes]
    address = str(ipaddress.ip_address(raw)) if any(raw) else ""
    return address, int.from_bytes(info[port_at : port_at + 2], "big")


def is_range(name: str, revision: int, info: bytes, address_bytes: int) -> bool:
    """Whether DNAT forwards to one of several addresses."""
    at, last_at, _ = _places(revision, address_bytes)
    last = info[last_at : last_at + address_bytes]
    return name == "DNAT" and any(last) and last != info[at : at + address_bytes]


def _places(revision: int, address_bytes: int) -> tuple[int, int, int]:
    """Where the first and the last address and the first port stand; revision 2 brought struct nf_nat_range2."""
    if address_bytes == IPV4_BYTES and revision < 2:  # noqa: PLR2004
        return COMPAT_ADDRESS_AT, COMPAT_LAST_AT, COMPAT_PORT_AT
    return RANGE_ADDRESS_AT, RANGE_LAST_AT, RANGE_PORT_AT


def effects(name: str, revision: int, info: bytes) -> Iterator[Effect]:
    """Decode what a target does to the marks and to connection tracking."""
    if name == "MARK":
        if revision == 2 and len(info) >= MARK_INFO.size:  # noqa: PLR2004
            mark, mask = MARK_INFO.unpack_from(info)
            yield Effect(MARK, keep=ALL_BITS & ~mask, xor=mark)
        else:
            yield Effect(MARK, xor=None)
    elif name == "CONNMARK":
        yield from _connmark(revision, info)
    elif name == "HMARK":
        yield Effect(MARK, xor=None)
    elif name == "NOTRACK" or (
        name == "CT" and len(info) >= CT_INFO.size and CT_INFO.unpack_from(info)[0] & CT_NOTRACK
    ):
        yield Effect(UNTRACKED)


def undecoded(name: str, info: bytes) -> str:
    """Name what a target does that no walk follows, `?zone`, `?timeout` or `?ttl`; '' for the others.

    A zone of connection tracking hides connections from packets outside of it, a timeout may end them before the
    answer; a low TTL ends a packet's way.
    """
    if name == "CT":
        flags, zone = CT_INFO.unpack_from(info) if len(info) >= CT_INFO.size else (CT_ZONES, 0)
        timeout = info[CT_TIMEOUT_AT : CT_TIMEOUT_AT + 1].strip(b"\0")
        return "?zone" if zone or flags & CT_ZONES else "?timeout" if timeout else ""
    if name not in ("TTL", "HL"):
        return ""
    mode, ttl = (info[0], info[1]) if len(info) > 1 else (-1, 0)
    return "" if mode == TTL_INCREASE or (mode == TTL_SET and ttl >= FORWARDED_TTL) else "?ttl"


def _connmark(revision: int, info: bytes) -> Iterator[Effect]:
    layout = CONNMARK_INFO.get(revision)
    if layout is None or len(info) < layout.size:
        mode, shift, ctmark, ctmask, nfmask = -1, 0, 0, 0, 0
    else:
        ctmark, ctmask, nfmask, *rest = layout.unpack_from(info)
        mode, shift = rest[-1], rest[-2] if len(rest) > 1 else 0
    if shift or mode not in (SET_MARK, SAVE_MARK, RESTORE_MARK):
        yield Effect(CT_MARK, xor=None)
        yield Effect(MARK, xor=None)
    elif mode == SET_MARK:
        yield Effect(CT_MARK, keep=ALL_BITS & ~ctmask, xor=ctmark)
    elif mode == SAVE_MARK:
        yield Effect(CT_MARK, keep=ALL_BITS & ~ctmask, take=nfmask)
    else:
        yield Effect(MARK, keep=ALL_BITS & ~nfmask, take=ctmask)
