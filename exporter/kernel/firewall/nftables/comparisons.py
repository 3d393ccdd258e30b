"""What a comparison of a loaded key with data says (linux/netfilter/nf_tables.h: NFT_CMP_*)."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    DST_TYPE,
    EQUAL,
    IIF,
    OIF,
    PROTOCOL,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    STATE_DNAT,
    UNEQUAL,
    Condition,
)
from exporter.kernel.netlink.nfnetlink import number, text
from exporter.kernel.netlink.protocols import ADDRESS_BYTES, PROTOCOLS

EQ, NEQ, LT, LTE, GT, GTE = range(6)
INTERFACE_NAME_BYTES = 16  # IFNAMSIZ
HIGHEST_PORT = 65535
OPERATORS = {EQ: EQUAL, NEQ: UNEQUAL}
STATUS, STATUS_DNAT = "ctstatus", 1 << 5  # linux/netfilter/nf_conntrack_common.h: IPS_DST_NAT


def compared(family: str, key: str, operation: int, data: bytes, mask: bytes | None) -> Condition | None:
    """Return the condition; None for a comparison that is not understood."""
    if key in (SPORT, DPORT):
        return _port(key, operation, number(data))
    if key in (STATE, STATUS):
        return _state(key, operation, data, mask)
    value, operator = _VALUES.get(key), OPERATORS.get(operation)
    if value is None or operator is None or (key in (SRC, DST) and len(data) > ADDRESS_BYTES.get(family, 0)):
        return None
    return Condition(key, operator, value(family, data, mask))


def _port(key: str, operation: int, port: int) -> Condition:
    ranges = {
        LT: (0, port - 1),
        LTE: (0, port),
        GT: (port + 1, HIGHEST_PORT),
        GTE: (port, HIGHEST_PORT),
    }
    return Condition(key, UNEQUAL if operation == NEQ else EQUAL, ranges.get(operation, (port, port)))


def _state(key: str, operation: int, data: bytes, mask: bytes | None) -> Condition | None:
    """It is written as 'the state and the mask are not zero'; a status is told beside the states."""
    if mask is None or any(data) or operation not in OPERATORS:
        return None
    states = int.from_bytes(mask, sys.byteorder)
    if key == STATUS:
        if states != STATUS_DNAT:
            return None
        states = STATE_DNAT
    return Condition(STATE, EQUAL if operation == NEQ else UNEQUAL, states)


def _device(_: str, data: bytes, __: bytes | None) -> str:
    """A name without its end is the beginning of many."""
    whole = b"\0" in data or len(data) == INTERFACE_NAME_BYTES
    return text(data) + ("" if whole else "*")


def _protocol(_: str, data: bytes, __: bytes | None) -> str:
    return PROTOCOLS.get(data[0], str(data[0]))


def _network(family: str, data: bytes, mask: bytes | None) -> tuple[int, int]:
    """A prefix of whole bytes is a short load without a mask."""
    size = ADDRESS_BYTES[family]
    laid = (mask or b"\xff" * len(data)).ljust(size, b"\0")
    return number(data.ljust(size, b"\0")), number(laid)


def _address_type(_: str, data: bytes, __: bytes | None) -> int:
    return 1 << int.from_bytes(data, sys.byteorder)


_VALUES: Mapping[str, Callable[[str, bytes, bytes | None], Any]] = {
    IIF: _device,
    OIF: _device,
    PROTOCOL: _protocol,
    SRC: _network,
    DST: _network,
    SRC_TYPE: _address_type,
    DST_TYPE: _address_type,
}
