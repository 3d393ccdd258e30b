"""What each expression of a rule does to a little machine of registers, that knows what a register was loaded with.

An expression that is not understood clears the registers: else the next comparison would be taken for one of what was
there before, and the rule would look like another.
"""

import ipaddress
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    DST_TYPE,
    GOTO,
    IIF,
    IP,
    IP6,
    JUMP,
    MAP,
    OIF,
    PROTOCOL,
    RETURN,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    UNKNOWN,
    Condition,
)
from exporter.kernel.nftables import nfta, xt
from exporter.kernel.nftables.comparisons import ADDRESS_BYTES, EQ, compared
from exporter.kernel.nftables.wire import number, text, walk

VERDICTS = {0: "DROP", 1: "ACCEPT", -1: "CONTINUE", -3: JUMP, -4: GOTO, -5: RETURN}
NATIVE_TARGETS = {"masq": "MASQUERADE", "redir": "REDIRECT", "reject": "REJECT", "queue": "QUEUE", "tproxy": "TPROXY"}
HARMLESS = frozenset({"counter", "log", "notrack"})  # they neither ask nor decide
META = {6: IIF, 7: OIF, 16: PROTOCOL}  # NFT_META_IIFNAME, OIFNAME, L4PROTO
NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
PAYLOAD = {
    (IP, NETWORK_HEADER, 9): PROTOCOL,
    (IP, NETWORK_HEADER, 12): SRC,
    (IP, NETWORK_HEADER, 16): DST,
    (IP6, NETWORK_HEADER, 6): PROTOCOL,
    (IP6, NETWORK_HEADER, 8): SRC,
    (IP6, NETWORK_HEADER, 24): DST,
}
PORTS = {0: SPORT, 2: DPORT}
NEIGHBOURS = {SPORT: DPORT, SRC: DST}
FIB_ADDRESS_TYPE, FIB_SOURCE, FIB_DESTINATION = 3, 1, 2
CT_STATE = 0  # NFT_CT_STATE
VERDICT_REGISTER = 0  # a look-up into it is a verdict map

Attributes = Mapping[int, bytes]


@dataclass(slots=True)
class Loaded:
    """What a register holds: a key of the packet, with the mask that was laid over it, or a constant.

    Two neighbours may be loaded at once, as source and destination: `second` is the other one.
    """

    key: str = ""
    mask: bytes | None = None
    constant: bytes = b""
    second: str = ""


@dataclass(slots=True)
class State:
    """A rule while it is read."""

    family: str
    registers: dict[int, Loaded] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)
    unknown: str = "expression"

    def loaded(self, register: bytes) -> Loaded:
        """What is in a register; something unknown unless it was loaded."""
        return self.registers.get(number(register), Loaded(f"?{self.unknown}"))


def take(state: State, name: str, data: bytes) -> None:
    """Take one expression; `data` are its attributes."""
    handler = _HANDLERS.get(name)
    if handler is not None:
        try:
            handler(state, dict(walk(data)))
        except (KeyError, IndexError, ValueError, struct.error):  # another kernel may write it in another way
            _not_understood(state, name)
    elif name in NATIVE_TARGETS:
        state.made["target"] = NATIVE_TARGETS[name]
    elif name not in HARMLESS:
        _not_understood(state, name)


def _not_understood(state: State, name: str) -> None:
    """It may load a register, limit the rule, or both."""
    state.registers.clear()
    state.unknown = name
    state.conditions.append(Condition(name, UNKNOWN))


def _meta(state: State, parts: Attributes) -> None:
    if nfta.META_DREG in parts:  # else it sets a mark and asks nothing
        state.registers[number(parts[nfta.META_DREG])] = Loaded(META.get(number(parts[nfta.META_KEY]), "?meta"))


def _payload(state: State, parts: Attributes) -> None:
    if nfta.PAYLOAD_DREG not in parts:
        return
    base, offset = number(parts[nfta.PAYLOAD_BASE]), number(parts[nfta.PAYLOAD_OFFSET])
    key = PORTS.get(offset) if base == TRANSPORT_HEADER else PAYLOAD.get((state.family, base, offset))
    length, size = number(parts[nfta.PAYLOAD_LEN]), _size(state.family, key or "")
    loaded = Loaded("?payload")
    if key and length <= size:
        loaded = Loaded(key)
    elif key in NEIGHBOURS and length == 2 * size:
        loaded = Loaded(key, second=NEIGHBOURS[key])
    state.registers[number(parts[nfta.PAYLOAD_DREG])] = loaded


def _size(family: str, key: str) -> int:
    """How many bytes a key has; a prefix of an address is a shorter load."""
    return {PROTOCOL: 1, SPORT: 2, DPORT: 2}.get(key, ADDRESS_BYTES.get(family, 0))


def _fib(state: State, parts: Attributes) -> None:
    keys = {FIB_SOURCE: SRC_TYPE, FIB_DESTINATION: DST_TYPE}
    key = keys.get(number(parts[nfta.FIB_FLAGS])) if number(parts[nfta.FIB_RESULT]) == FIB_ADDRESS_TYPE else None
    state.registers[number(parts[nfta.FIB_DREG])] = Loaded(key or "?fib")


def _ct(state: State, parts: Attributes) -> None:
    if nfta.CT_DREG in parts:
        known = number(parts[nfta.CT_KEY]) == CT_STATE and nfta.CT_DIRECTION not in parts
        state.registers[number(parts[nfta.CT_DREG])] = Loaded(STATE if known else "?ct")


def _bitwise(state: State, parts: Attributes) -> None:
    source = state.loaded(parts[nfta.BITWISE_SREG])
    mask, xor = (
        dict(walk(parts.get(place, b""))).get(nfta.DATA_VALUE, b"") for place in (nfta.BITWISE_MASK, nfta.BITWISE_XOR)
    )
    plain = source.key in (SRC, DST, STATE) and source.mask is None and mask and not any(xor)
    state.registers[number(parts[nfta.BITWISE_DREG])] = Loaded(source.key, mask) if plain else Loaded("?bitwise")


def _cmp(state: State, parts: Attributes) -> None:
    source, operation = state.loaded(parts[nfta.CMP_SREG]), number(parts[nfta.CMP_OP])
    data = dict(walk(parts[nfta.CMP_DATA])).get(nfta.DATA_VALUE, b"")
    if source.second and operation == EQ:
        half = len(data) // 2
        pairs = [(Loaded(source.key), data[:half]), (Loaded(source.second), data[half:])]
    else:
        pairs = [(Loaded("?cmp") if source.second else source, data)]
    for loaded, value in pairs:
        condition = compared(state.family, loaded.key, operation, value, loaded.mask)
        state.conditions.append(condition or Condition(loaded.key.removeprefix("?"), UNKNOWN))


def _immediate(state: State, parts: Attributes) -> None:
    data = dict(walk(parts[nfta.IMMEDIATE_DATA]))
    if nfta.DATA_VERDICT in data:
        verdict = dict(walk(data[nfta.DATA_VERDICT]))
        target = VERDICTS.get(struct.unpack(">i", verdict[nfta.VERDICT_CODE])[0], "?verdict")
        state.made.update(target=target, to=text(verdict.get(nfta.VERDICT_CHAIN, b"")))
    else:
        state.registers[number(parts[nfta.IMMEDIATE_DREG])] = Loaded(constant=data.get(nfta.DATA_VALUE, b""))


def _lookup(state: State, parts: Attributes) -> None:
    key = state.loaded(parts[nfta.LOOKUP_SREG]).key.removeprefix("?")
    register = number(parts[nfta.LOOKUP_DREG]) if nfta.LOOKUP_DREG in parts else None
    if register == VERDICT_REGISTER:
        state.made.update(target=MAP, to=text(parts[nfta.LOOKUP_SET]), by=key)
        return
    state.conditions.append(Condition(key, UNKNOWN))
    if register is not None:
        state.registers[register] = Loaded("?lookup")


def _nat(state: State, parts: Attributes) -> None:
    places = [place for place in (nfta.NAT_REG_ADDR, nfta.NAT_REG_PROTO) if place in parts]
    constants = {place: state.loaded(parts[place]).constant for place in places}
    if not all(constants.values()):
        state.conditions.append(Condition("nat", UNKNOWN))  # it leads where a map says
    address, port = (constants.get(place, b"") for place in (nfta.NAT_REG_ADDR, nfta.NAT_REG_PROTO))
    state.made["target"] = "SNAT" if number(parts[nfta.NAT_TYPE]) == 0 else "DNAT"
    if len(address) in ADDRESS_BYTES.values():
        state.made["address"] = str(ipaddress.ip_address(address))
    state.made["port"] = number(port)


def _target(state: State, parts: Attributes) -> None:
    name = state.made["target"] = text(parts[nfta.XT_NAME])
    if name in ("DNAT", "SNAT") and state.family in ADDRESS_BYTES:
        size, revision = ADDRESS_BYTES[state.family], number(parts[nfta.XT_REVISION])
        state.made["address"], state.made["port"] = xt.translation(parts[nfta.XT_INFO], revision, size)


def _match(state: State, parts: Attributes) -> None:
    name, revision = text(parts[nfta.XT_NAME]), number(parts[nfta.XT_REVISION])
    state.conditions.extend(xt.conditions(name, revision, parts.get(nfta.XT_INFO, b"")))


Handler = Callable[[State, Attributes], None]
_HANDLERS: Mapping[str, Handler] = {
    "meta": _meta,
    "payload": _payload,
    "fib": _fib,
    "ct": _ct,
    "bitwise": _bitwise,
    "cmp": _cmp,
    "immediate": _immediate,
    "lookup": _lookup,
    "nat": _nat,
    "target": _target,
    "match": _match,
}
