"""Expressions that load a register from the packet, its connection or its route, and those that write to the packet."""

import sys

from exporter.core.nat.ruleset import (
    BRIDGE,
    CT_MARK,
    DIRECTION,
    DPORT,
    DST,
    DST_TYPE,
    FAMILY,
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    IP,
    IP6,
    MARK,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    ORIGINAL,
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
    Effect,
)
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.comparisons import STATUS
from exporter.kernel.firewall.nftables.machine import WORD, Attributes, Loaded, State, u32
from exporter.kernel.firewall.nftables.xt_targets import FORWARDED_TTL
from exporter.kernel.netlink.nfnetlink import number
from exporter.kernel.netlink.protocols import ADDRESS_BYTES

# NFT_META_*: the key, and how many bytes it has; 0 for a device's name.
META = {
    1: (FAMILY, 2),  # the link layer's protocol
    3: (MARK, WORD),
    4: (IIF_INDEX, WORD),
    5: (OIF_INDEX, WORD),
    6: (IIF, 0),
    7: (OIF, 0),
    15: (FAMILY, 1),
    16: (PROTOCOL, 1),
    19: (PACKET_TYPE, 1),
    21: (IIF_GROUP, WORD),
    22: (OIF_GROUP, WORD),
}
META_MARK, META_PACKET_TYPE, CT_MARK_KEY, CT_ZONE_KEY = 3, 19, 3, 17
TO_THIS_HOST = b"\0"  # PACKET_HOST: nothing else is forwarded (net/ipv4/ip_forward.c)
NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
PAYLOAD = {
    (IP, NETWORK_HEADER, 9): PROTOCOL,
    (IP, NETWORK_HEADER, 12): SRC,
    (IP, NETWORK_HEADER, 16): DST,
    (IP6, NETWORK_HEADER, 6): PROTOCOL,
    (IP6, NETWORK_HEADER, 8): SRC,
    (IP6, NETWORK_HEADER, 24): DST,
}
TRANSPORT = {0: SPORT, 2: DPORT, 13: TCP_FLAGS}
NEIGHBOURS = {SPORT: DPORT, SRC: DST}
TTL_AT = {IP: 8, IP6: 7}  # in the network header: IPv4's TTL, IPv6's hop limit
# What of a network header is translated when it is written to: from where, to where.
ADDRESSES_AT = {IP: (12, 20), IP6: (8, 40)}
SPOILING_AT = {IP: (2, 3, 9), IP6: (4, 5, 6)}  # the length, and the protocol or the next header
KEPT = 0xFF  # a byte of a mask
FIB_ADDRESS_TYPE, FIB_DEVICE = 3, 1
FIB_SOURCE, FIB_DESTINATION, FIB_MARK, FIB_IIF, FIB_PRESENT = 1, 2, 4, 8, 32
# NFT_CT_* of no direction, and of the original one.
CT = {0: (STATE, WORD), 1: (DIRECTION, 1), 2: (STATUS, WORD), 3: (CT_MARK, WORD), 10: (PROTOCOL, 1)}
CT_ORIGINAL = {9: (ORIGINAL_DST, 0), 12: (ORIGINAL_DPORT, 2), 20: (ORIGINAL_DST, 4), 21: (ORIGINAL_DST, 16)}


def meta(state: State, parts: Attributes) -> None:
    """Load metadata, or set the mark or the type of the packet."""
    place = u32(parts[nfta.META_KEY])
    if nfta.META_SREG in parts:
        if place == META_MARK:
            state.effect(_assigned(MARK, CT_MARK, state.loaded(parts[nfta.META_SREG])))
        elif place == META_PACKET_TYPE and state.loaded(parts[nfta.META_SREG]).constant != TO_THIS_HOST:
            state.decide("?pkttype")
        return
    key, size = META.get(place, ("?meta", 0))
    if key == PACKET_TYPE and state.family == BRIDGE:  # of a frame for another port it is PACKET_OTHERHOST
        key = "?pkttype"
    state.load(parts[nfta.META_DREG], Loaded(key, size))


def ct(state: State, parts: Attributes) -> None:
    """Load what connection tracking has of the packet, or set its mark."""
    place = u32(parts[nfta.CT_KEY])
    if nfta.CT_SREG in parts:
        if place == CT_MARK_KEY:
            state.effect(_assigned(CT_MARK, MARK, state.loaded(parts[nfta.CT_SREG])))
        elif place == CT_ZONE_KEY:
            state.decide("?zone")
        return
    if nfta.CT_DIRECTION not in parts:
        key, size = CT.get(place, ("?ct", 0))
    elif number(parts[nfta.CT_DIRECTION]) == ORIGINAL:
        key, size = CT_ORIGINAL.get(place, ("?ct", 0))
    else:
        key, size = "?ct", 0
    if key == ORIGINAL_DST and not size:
        size = ADDRESS_BYTES.get(state.layer3, 0)
    if key == ORIGINAL_DST and not state.layer3:
        state.layer3 = next((family for family, length in ADDRESS_BYTES.items() if length == size), "")
    state.load(parts[nfta.CT_DREG], Loaded(key, size))


def _assigned(key: str, other: str, loaded: Loaded) -> Effect:
    """What setting a mark from a register does."""
    if loaded.constant:
        return Effect(key, xor=int.from_bytes(loaded.constant, sys.byteorder))
    mask, xor = (int.from_bytes(data, sys.byteorder) for data in (loaded.mask or b"\xff" * WORD, loaded.xor))
    if loaded.key == key:
        return Effect(key, keep=mask, xor=xor)
    return Effect(key, take=mask, xor=xor) if loaded.key == other else Effect(key, xor=None)


def payload(state: State, parts: Attributes) -> None:
    """Load a part of the packet, or write to it."""
    base, offset = u32(parts[nfta.PAYLOAD_BASE]), u32(parts[nfta.PAYLOAD_OFFSET])
    length = u32(parts[nfta.PAYLOAD_LEN])
    if nfta.PAYLOAD_SREG in parts:
        _written(state, base, range(offset, offset + length), state.loaded(parts[nfta.PAYLOAD_SREG]))
        return
    key = TRANSPORT.get(offset) if base == TRANSPORT_HEADER else PAYLOAD.get((state.layer3, base, offset))
    size = _size(state.layer3, key or "")
    loaded = Loaded("?payload")
    if key and (length == size or (key in (SRC, DST) and length < size)):
        loaded = Loaded(key, length)
    elif key in NEIGHBOURS and length == 2 * size:
        loaded = Loaded(key, length, second=NEIGHBOURS[key])
    state.load(parts[nfta.PAYLOAD_DREG], loaded)


def _written(state: State, base: int, span: range, value: Loaded) -> None:
    """Take a write: to addresses it translates without connection tracking, to other headers it may spoil the packet.

    Ordinary are those to DSCP, to the identification, to flags of fragments and to a TTL with which it is forwarded.
    """
    if base != NETWORK_HEADER:
        state.decide("?payload")
        return
    first, end = ADDRESSES_AT.get(state.layer3, (0, 1 << 16))
    lasting = SPOILING_AT.get(state.layer3, ())
    if (span.start < end and first < span.stop) or any(
        _changes(at - span.start, value) for at in lasting if at in span
    ):
        state.decide("?payload")
    elif _ends(TTL_AT.get(state.layer3, -1) - span.start, len(span), value):
        state.decide("?ttl")


def _changes(at: int, written: Loaded) -> bool:
    """Whether a write may change a byte."""
    mask, xor = written.mask, written.xor
    return mask is None or at >= min(len(mask), len(xor)) or mask[at] != KEPT or xor[at] != 0


def _ends(at: int, length: int, written: Loaded) -> bool:
    """Whether what is written to a network header may leave a TTL with which a packet is not forwarded."""
    if not 0 <= at < length:
        return False
    kept, value = written.mask, written.constant or written.xor
    known = at < len(value) and (kept is None or not kept[at])
    return not known or value[at] < FORWARDED_TTL


def _size(family: str, key: str) -> int:
    """How many bytes a key has; a prefix of an address is a shorter load."""
    return {PROTOCOL: 1, TCP_FLAGS: 1, SPORT: 2, DPORT: 2}.get(key, ADDRESS_BYTES.get(family, 0))


def fib(state: State, parts: Attributes) -> None:
    """Load an address's type, or whether the route to the source uses the input device."""
    flags, result = u32(parts[nfta.FIB_FLAGS]), u32(parts[nfta.FIB_RESULT])
    loaded = Loaded("?fib")
    if result == FIB_ADDRESS_TYPE and flags in (FIB_SOURCE, FIB_DESTINATION):
        loaded = Loaded(SRC_TYPE if flags == FIB_SOURCE else DST_TYPE, WORD)
    elif result == FIB_DEVICE and flags & ~(FIB_MARK | FIB_PRESENT) == FIB_SOURCE | FIB_IIF:
        loaded = Loaded(REVERSE_PATH)
    state.load(parts[nfta.FIB_DREG], loaded)
