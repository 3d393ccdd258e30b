"""Matches of xtables, which iptables-nft keeps as blobs inside nf_tables rules; iptables-legacy has the same blobs.

Sources: linux/netfilter/xt_tcpudp.h, xt_sctp.h, xt_addrtype.h, xt_multiport.h, xt_iprange.h, xt_mark.h, xt_connmark.h,
xt_pkttype.h, xt_devgroup.h, xt_rpfilter.h, xt_state.h, xt_physdev.h. Blobs are in the host's byte
order, but for addresses.
"""

import struct
from collections.abc import Callable, Iterator, Mapping

from exporter.core.nat.ruleset import (
    BRIDGED,
    CT_MARK,
    DPORT,
    DST,
    DST_TYPE,
    EITHER_PORT,
    EQUAL,
    IIF_GROUP,
    IN,
    IP,
    MARK,
    NOT_IN,
    OIF_GROUP,
    PACKET_TYPE,
    REVERSE_PATH,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    TCP_FLAGS,
    UNEQUAL,
    UNKNOWN,
    Condition,
)
from exporter.kernel.firewall.nftables import xt_conntrack
from exporter.kernel.netlink.protocols import ADDRESS_BYTES

ALL_PORTS = (0, 65535)
PORTS = struct.Struct("=4H")  # first and last source port, first and last destination port
PORTS_INVERTED_AT = {"tcp": 11, "udp": 8}
INVERT_SOURCE, INVERT_DESTINATION, INVERT_TCP_FLAGS = 1, 2, 4
TCP_OPTION_AT, TCP_MASK_AT, TCP_VALUE_AT = 8, 9, 10
SCTP = struct.Struct("=4H256x20xII")  # destination and source ports; behind chunks flags and invflags
SCTP_PORTS = 3  # flags of both kinds of ports; of INVERT_* the same bits
ADDRTYPE = struct.Struct("=HHI")  # of revision 1: source, destination, flags
ADDRTYPE_LIMITS = 4 | 8  # only addresses of the incoming, or of the outgoing device
STATE_MASK = struct.Struct("=I")  # struct xt_state_info
MULTIPORT = struct.Struct("=BB15H15BB")  # of revision 1: flags, count, ports, which of them begin a range, invert
MULTIPORT_KEYS = (SPORT, DPORT, EITHER_PORT)
MOST_PORTS = 15
IPRANGE_FIELD, IPRANGE_FLAGS_AT = 16, 64  # of revision 1: first and last source, first and last destination, flags
MARK_INFO = struct.Struct("=IIB")  # of revision 1: mark, mask, invert; of connmark too
DEVGROUP = struct.Struct("=5I")  # flags, source group and mask, destination group and mask
PKTTYPE = struct.Struct("=ii")  # type, invert
RPFILTER_INVERT = 8  # XT_RPFILTER_INVERT
PHYSDEV_INVERT_AT, PHYSDEV_OPTIONS_AT, PHYSDEV_BRIDGED = 64, 65, 4  # struct xt_physdev_info, XT_PHYSDEV_OP_BRIDGED
WITHOUT_CONDITION = ("comment",)


def conditions(name: str, revision: int, info: bytes, family: str = IP) -> list[Condition]:
    """Decode a match; of one that is not understood the name is kept."""
    if name in WITHOUT_CONDITION:
        return []
    decoder = _DECODERS.get((name, revision))
    try:
        return list(decoder(name, info, family)) if decoder else [Condition(name, UNKNOWN)]
    except (struct.error, IndexError, KeyError):  # half a blob
        return [Condition(name, UNKNOWN)]


def _ports(name: str, info: bytes, _: str) -> Iterator[Condition]:
    first, last, to_first, to_last = PORTS.unpack_from(info)
    inverted = info[PORTS_INVERTED_AT[name]]
    for key, ports, bit in ((SPORT, (first, last), INVERT_SOURCE), (DPORT, (to_first, to_last), INVERT_DESTINATION)):
        if ports != ALL_PORTS or inverted & bit:
            yield Condition(key, UNEQUAL if inverted & bit else EQUAL, ports)
    if name == "tcp" and info[TCP_OPTION_AT]:
        yield Condition("tcp-option", UNKNOWN)
    if name == "tcp" and info[TCP_MASK_AT]:
        operator = UNEQUAL if inverted & INVERT_TCP_FLAGS else EQUAL
        yield Condition(TCP_FLAGS, operator, (info[TCP_VALUE_AT], info[TCP_MASK_AT]))


def _sctp(_: str, info: bytes, __: str) -> Iterator[Condition]:
    to_first, to_last, first, last, flags, inverted = SCTP.unpack_from(info)
    for key, ports, bit in ((SPORT, (first, last), INVERT_SOURCE), (DPORT, (to_first, to_last), INVERT_DESTINATION)):
        if flags & bit:
            yield Condition(key, UNEQUAL if inverted & bit else EQUAL, ports)
    if flags & ~SCTP_PORTS:
        yield Condition("sctp-chunks", UNKNOWN)


def _address_types(_: str, info: bytes, __: str) -> Iterator[Condition]:
    source, destination, flags = ADDRTYPE.unpack_from(info)
    if flags & ADDRTYPE_LIMITS:
        yield Condition("addrtype", UNKNOWN)
        return
    for key, mask, bit in ((SRC_TYPE, source, INVERT_SOURCE), (DST_TYPE, destination, INVERT_DESTINATION)):
        if mask:
            yield Condition(key, UNEQUAL if flags & bit else EQUAL, mask)


def _state(_: str, info: bytes, __: str) -> Iterator[Condition]:
    yield Condition(STATE, EQUAL, STATE_MASK.unpack_from(info)[0])


def _conntrack(revision: int) -> "Decoder":
    return lambda _, info, family: xt_conntrack.conditions(revision, info, family)


def _multiport(_: str, info: bytes, __: str) -> Iterator[Condition]:
    which, count, *rest, inverted = MULTIPORT.unpack_from(info)
    ports, begins = rest[:MOST_PORTS], rest[MOST_PORTS:]
    ranges, at = [], 0
    while at < count:
        last = at + 1 if begins[at] else at
        ranges.append((ports[at], ports[last]))
        at = last + 1
    yield Condition(MULTIPORT_KEYS[which], NOT_IN if inverted else IN, tuple(ranges))


def _iprange(_: str, info: bytes, family: str) -> Iterator[Condition]:
    flags, size = info[IPRANGE_FLAGS_AT], ADDRESS_BYTES[family]
    addresses = [int.from_bytes(info[at : at + size], "big") for at in range(0, IPRANGE_FLAGS_AT, IPRANGE_FIELD)]
    for key, at, bit in ((SRC, 0, 1), (DST, 2, 2)):  # IPRANGE_SRC, IPRANGE_DST; inverted by the bits 4 above
        if flags & bit:
            yield Condition(key, NOT_IN if flags & bit << 4 else IN, ((addresses[at], addresses[at + 1]),))


def _mark(name: str, info: bytes, _: str) -> Iterator[Condition]:
    mark, mask, inverted = MARK_INFO.unpack_from(info)
    yield Condition(MARK if name == "mark" else CT_MARK, UNEQUAL if inverted else EQUAL, (mark, mask))


def _packet_type(_: str, info: bytes, __: str) -> Iterator[Condition]:
    wanted, inverted = PKTTYPE.unpack_from(info)
    yield Condition(PACKET_TYPE, UNEQUAL if inverted else EQUAL, wanted)


def _device_groups(_: str, info: bytes, __: str) -> Iterator[Condition]:
    flags, source, source_mask, destination, destination_mask = DEVGROUP.unpack_from(info)
    for key, group, mask, bit in ((IIF_GROUP, source, source_mask, 1), (OIF_GROUP, destination, destination_mask, 4)):
        if flags & bit:  # XT_DEVGROUP_MATCH_*; inverted by the bit above it
            yield Condition(key, UNEQUAL if flags & bit << 1 else EQUAL, (group, mask))


def _reverse_path(_: str, info: bytes, __: str) -> Iterator[Condition]:
    yield Condition(REVERSE_PATH, EQUAL, not info[0] & RPFILTER_INVERT)


def _bridge_ports(name: str, info: bytes, _: str) -> Iterator[Condition]:
    if info[PHYSDEV_OPTIONS_AT] != PHYSDEV_BRIDGED:
        yield Condition(name, UNKNOWN)
        return
    yield Condition(BRIDGED, EQUAL, not info[PHYSDEV_INVERT_AT] & PHYSDEV_BRIDGED)


Decoder = Callable[[str, bytes, str], Iterator[Condition]]
_DECODERS: Mapping[tuple[str, int], Decoder] = {
    ("tcp", 0): _ports,
    ("udp", 0): _ports,
    ("sctp", 0): _sctp,
    ("addrtype", 1): _address_types,
    **{("conntrack", revision): _conntrack(revision) for revision in (1, 2, 3)},
    ("state", 0): _state,
    ("multiport", 1): _multiport,
    ("iprange", 1): _iprange,
    ("mark", 1): _mark,
    ("connmark", 1): _mark,
    ("pkttype", 0): _packet_type,
    ("devgroup", 0): _device_groups,
    ("rpfilter", 0): _reverse_path,
    ("physdev", 0): _bridge_ports,
}
