"""What a comparison of a loaded key with data says (linux/netfilter/nf_tables.h: NFT_CMP_*)."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from exporter.core.nat.ruleset import (
    ARP,
    CT_MARK,
    DIRECTION,
    DPORT,
    DST,
    DST_TYPE,
    EQUAL,
    FAMILY,
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    IN,
    IP,
    IP6,
    MARK,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PACKET_TYPE,
    PROTOCOL,
    REVERSE_PATH,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    STATE_DNAT,
    TCP_FLAGS,
    UNEQUAL,
    Condition,
)
from exporter.kernel.firewall.nftables.machine import INTERFACE_NAME_BYTES, Loaded
from exporter.kernel.netlink.messages import text
from exporter.kernel.netlink.nfnetlink import number
from exporter.kernel.netlink.protocols import ADDRESS_BYTES, PROTOCOLS

EQ, NEQ, LT, LTE, GT, GTE = range(6)
OPERATORS = {EQ: EQUAL, NEQ: UNEQUAL}
STATUS, STATUS_DNAT = "ctstatus", 1 << 5  # linux/netfilter/nf_conntrack_common.h: IPS_DST_NAT
ADDRESSES, PORTS, MARKS = (SRC, DST, ORIGINAL_DST), (SPORT, DPORT, ORIGINAL_DPORT), (MARK, CT_MARK)
MASKED = frozenset({*ADDRESSES, *MARKS, STATE, STATUS, TCP_FLAGS})  # keys that can be compared with a mask
# nfproto has NFPROTO_*, the link layer's protocol ETH_P_*.
LAYER3 = {b"\2": IP, b"\x0a": IP6, b"\x08\0": IP, b"\x86\xdd": IP6, b"\x08\6": ARP}


def compared(family: str, loaded: Loaded, operation: int, data: bytes) -> Condition | None:
    """Return the condition; None for a comparison that is not understood. `family` is that of the addresses."""
    key, mask = loaded.key, loaded.mask
    if any(loaded.xor) or (mask is not None and key not in MASKED):
        return None
    if key in ADDRESSES and len(data) > ADDRESS_BYTES.get(family, 0):
        return None
    if key in PORTS or operation not in OPERATORS:
        return _ordered(key, operation, data) if mask is None else None
    if key in (STATE, STATUS):
        return _state(key, operation, data, mask)
    value = _VALUES.get(key)
    return Condition(key, OPERATORS[operation], value(family, data, mask)) if value else None


def _ordered(key: str, operation: int, data: bytes) -> Condition | None:
    """Compare a number; whole addresses and ports stand in network byte order."""
    if key not in PORTS and key not in ADDRESSES:
        return None
    found, highest = number(data), (1 << 8 * len(data)) - 1
    ranges = {LT: (0, found - 1), LTE: (0, found), GT: (found + 1, highest), GTE: (found, highest)}
    wanted = ranges.get(operation, (found, found))
    if key in ADDRESSES:
        return Condition(key, IN, (wanted,))
    return Condition(key, UNEQUAL if operation == NEQ else EQUAL, wanted)


def _state(key: str, operation: int, data: bytes, mask: bytes | None) -> Condition | None:
    """It is written as 'the state and the mask are not zero'; a status is kept in addition to the states.

    Without a mask the whole state is compared, which is a single bit.
    """
    if mask is None:
        state = int.from_bytes(data, sys.byteorder)
        return Condition(STATE, OPERATORS[operation], state) if key == STATE and state.bit_count() == 1 else None
    if any(data):
        return None
    states = int.from_bytes(mask, sys.byteorder)
    if key == STATUS:
        if states != STATUS_DNAT:
            return None
        states = STATE_DNAT
    return Condition(STATE, EQUAL if operation == NEQ else UNEQUAL, states)


def device(_: str, data: bytes, __: bytes | None) -> str:
    """A name without its end is the beginning of many."""
    whole = b"\0" in data or len(data) == INTERFACE_NAME_BYTES
    return text(data) + ("" if whole else "*")


def protocol(_: str, data: bytes, __: bytes | None) -> str:
    """A protocol's name, else its number."""
    return PROTOCOLS.get(data[0], str(data[0]))


def layer3(_: str, data: bytes, __: bytes | None) -> str:
    """A family's name; that of others is their number."""
    return LAYER3.get(data, data.hex())


def _network(family: str, data: bytes, mask: bytes | None) -> tuple[int, int]:
    """A prefix of whole bytes is a short load without a mask."""
    size = ADDRESS_BYTES[family]
    laid = (mask or b"\xff" * len(data)).ljust(size, b"\0")
    return number(data.ljust(size, b"\0")), number(laid)


def host_number(_: str, data: bytes, __: bytes | None) -> int:
    """A number in the host's byte order."""
    return int.from_bytes(data, sys.byteorder)


def address_type(_: str, data: bytes, __: bytes | None) -> int:
    """A mask of one type."""
    return 1 << int.from_bytes(data, sys.byteorder)


def _masked(_: str, data: bytes, mask: bytes | None) -> tuple[int, int]:
    return int.from_bytes(data, sys.byteorder), int.from_bytes(mask or b"\xff" * len(data), sys.byteorder)


def _present(_: str, data: bytes, __: bytes | None) -> bool:
    """Of a look-up of a route: whether there is one. Comparison with a certain device is not supported."""
    found = int.from_bytes(data, sys.byteorder)
    if found > 1:
        raise ValueError("a route over one device")
    return bool(found)


_VALUES: Mapping[str, Callable[[str, bytes, bytes | None], Any]] = {
    IIF: device,
    OIF: device,
    IIF_INDEX: host_number,
    OIF_INDEX: host_number,
    IIF_GROUP: _masked,
    OIF_GROUP: _masked,
    PROTOCOL: protocol,
    FAMILY: layer3,
    SRC: _network,
    DST: _network,
    ORIGINAL_DST: _network,
    SRC_TYPE: address_type,
    DST_TYPE: address_type,
    MARK: _masked,
    CT_MARK: _masked,
    TCP_FLAGS: _masked,
    DIRECTION: host_number,
    PACKET_TYPE: host_number,
    REVERSE_PATH: _present,
}
