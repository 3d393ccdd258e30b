"""What iptables-nft keeps as binary blobs of xtables inside nf_tables rules; iptables-legacy has the same blobs.

Sources: linux/netfilter/xt_tcpudp.h, xt_sctp.h, xt_addrtype.h, xt_conntrack.h, nf_nat.h. Blobs are in the host's byte
order, but for addresses and ports of translations.
"""

import ipaddress
import struct
from collections.abc import Iterator

from exporter.core.nat.ruleset import (
    DPORT,
    DST_TYPE,
    EQUAL,
    SPORT,
    SRC_TYPE,
    STATE,
    STATE_UNTRACKED,
    UNEQUAL,
    UNKNOWN,
    Condition,
)

IPV4_BYTES = 4
ALL_PORTS = (0, 65535)
PORTS = struct.Struct("=4H")  # first and last source port, first and last destination port
PORTS_INVERTED_AT = {"tcp": 11, "udp": 8}
INVERT_SOURCE, INVERT_DESTINATION = 1, 2
SCTP = struct.Struct("=4H256x20xII")  # destination and source ports; behind chunks flags and invflags
SCTP_PORTS = 3  # flags of both kinds of ports; of INVERT_* the same bits
ADDRTYPE = struct.Struct("=HHI")  # of revision 1: source, destination, flags
ADDRTYPE_LIMITS = 4 | 8  # only addresses of the incoming, or of the outgoing device
CONNTRACK_AT = 146  # behind four addresses with their masks, expires, protocol and ports
CONNTRACK = struct.Struct("=HHH")  # match_flags, invert_flags, state_mask
MATCH_STATE, STATE_ALIAS = 1, 1 << 13  # the alias marks what was written as `-m state`
SNAT, UNTRACKED = 1 << 6, 1 << 8  # XT_CONNTRACK_STATE_*, where they are not the kernel's own bits
STATE_MASK = struct.Struct("=I")  # struct xt_state_info
RANGE_ADDRESS_AT, RANGE_PORT_AT = 4, 36  # struct nf_nat_range2
COMPAT_ADDRESS_AT, COMPAT_PORT_AT = 8, 16  # struct nf_nat_ipv4_multi_range_compat, of revisions 0 and 1
TRANSLATIONS = ("DNAT", "SNAT", "REDIRECT")
MATCHES_NOTHING = ("comment",)


def conditions(name: str, revision: int, info: bytes) -> Iterator[Condition]:
    """Decode a match; what is not understood is told by its name."""
    if name in PORTS_INVERTED_AT and len(info) > PORTS_INVERTED_AT[name]:
        yield from _ports(name, info)
    elif name == "sctp" and len(info) >= SCTP.size:
        yield from _sctp(info)
    elif name == "addrtype" and revision == 1 and len(info) >= ADDRTYPE.size:
        yield from _address_types(info)
    elif name == "conntrack" and len(info) >= CONNTRACK_AT + CONNTRACK.size:
        yield _state(revision, info)
    elif name == "state" and len(info) >= STATE_MASK.size:
        yield Condition(STATE, EQUAL, STATE_MASK.unpack_from(info)[0])
    elif name not in MATCHES_NOTHING:
        yield Condition(name, UNKNOWN)


def _ports(name: str, info: bytes) -> Iterator[Condition]:
    first, last, to_first, to_last = PORTS.unpack_from(info)
    inverted = info[PORTS_INVERTED_AT[name]]
    for key, ports, bit in ((SPORT, (first, last), INVERT_SOURCE), (DPORT, (to_first, to_last), INVERT_DESTINATION)):
        if ports != ALL_PORTS or inverted & bit:
            yield Condition(key, UNEQUAL if inverted & bit else EQUAL, ports)
    if name == "tcp" and any(info[8:11]):  # an option, and flags under their mask
        yield Condition("tcp-flags", UNKNOWN)


def _sctp(info: bytes) -> Iterator[Condition]:
    to_first, to_last, first, last, flags, inverted = SCTP.unpack_from(info)
    for key, ports, bit in ((SPORT, (first, last), INVERT_SOURCE), (DPORT, (to_first, to_last), INVERT_DESTINATION)):
        if flags & bit:
            yield Condition(key, UNEQUAL if inverted & bit else EQUAL, ports)
    if flags & ~SCTP_PORTS:
        yield Condition("sctp-chunks", UNKNOWN)


def _address_types(info: bytes) -> Iterator[Condition]:
    source, destination, flags = ADDRTYPE.unpack_from(info)
    if flags & ADDRTYPE_LIMITS:
        yield Condition("addrtype", UNKNOWN)
        return
    for key, mask, bit in ((SRC_TYPE, source, INVERT_SOURCE), (DST_TYPE, destination, INVERT_DESTINATION)):
        if mask:
            yield Condition(key, UNEQUAL if flags & bit else EQUAL, mask)


def _state(revision: int, info: bytes) -> Condition:
    matched, inverted, states = CONNTRACK.unpack_from(info, CONNTRACK_AT)
    states &= 0xFF if revision == 1 else 0xFFFF
    if matched & ~STATE_ALIAS != MATCH_STATE or states & SNAT:
        return Condition("conntrack", UNKNOWN)
    if states & UNTRACKED:
        states = states & ~UNTRACKED | STATE_UNTRACKED
    return Condition(STATE, UNEQUAL if inverted & MATCH_STATE else EQUAL, states)


def translation(info: bytes, revision: int, address_bytes: int) -> tuple[str, int]:
    """Decode where DNAT or SNAT leads: address and port, '' and 0 where it is kept."""
    compat = address_bytes == IPV4_BYTES and revision < 2  # noqa: PLR2004  revision 2 brought struct nf_nat_range2
    at, port_at = (COMPAT_ADDRESS_AT, COMPAT_PORT_AT) if compat else (RANGE_ADDRESS_AT, RANGE_PORT_AT)
    if len(info) < port_at + 2:
        raise ValueError("half a translation")
    raw = info[at : at + address_bytes]
    address = str(ipaddress.ip_address(raw)) if any(raw) else ""
    return address, int.from_bytes(info[port_at : port_at + 2], "big")
