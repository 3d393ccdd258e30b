"""What each expression of a rule does to the machine of registers, which keeps what a register was loaded with.

An expression that is not understood clears the registers: else the next comparison would be taken for one of what was
there before, and the rule would look like another.
"""

import struct
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from exporter.core.nat.ruleset import (
    EQUAL,
    FAMILY,
    IN,
    JOINED,
    MAP,
    NOT_IN,
    UNEQUAL,
    UNKNOWN,
    UNTRACKED,
    Condition,
    Effect,
)
from exporter.kernel.firewall.nftables import loads, nfta, targets, xt
from exporter.kernel.firewall.nftables.comparisons import ADDRESSES, EQ, MARKS, MASKED, PORTS, compared
from exporter.kernel.firewall.nftables.machine import Attributes, Loaded, State, u32
from exporter.kernel.firewall.nftables.targets import VERDICT_REGISTER
from exporter.kernel.netlink.messages import text
from exporter.kernel.netlink.nfnetlink import attributes, number

NATIVE_TARGETS = {"masq": "MASQUERADE", "reject": "REJECT", "queue": "QUEUE", "tproxy": "TPROXY"}
# They have no condition and decide nothing.
HARMLESS = frozenset({"counter", "log", "dup", "last", "flow_offload", "secmark"})
# Some that ask, limit or mark, and never end a packet's way: of others it is unknown.
NEVER_DECIDE = frozenset(
    {
        *("bitwise", "byteorder", "cmp", "connlimit", "ct", "dynset", "exthdr", "fib", "hash", "inner"),
        *("limit", "match", "meta", "numgen", "objref", "osf", "payload", "quota", "range", "rt"),
        *("socket", "tunnel", "xfrm", "lookup"),
    }
)
RANGES = {0: EQUAL, 1: UNEQUAL}  # NFT_RANGE_*
BITWISE_MASK_XOR = 0  # NFT_BITWISE_MASK_XOR, the only one before Linux 5.6
LOOKUP_PARTS = {nfta.LOOKUP_SET, nfta.LOOKUP_SREG, nfta.LOOKUP_DREG, nfta.LOOKUP_SET_ID, nfta.LOOKUP_FLAGS}
LOOKUP_INVERTED = 1  # NFT_LOOKUP_F_INV
OBJECTS_WITHOUT_CONDITION = (1, 3)  # NFT_OBJECT_COUNTER, NFT_OBJECT_CT_HELPER
OBJECTS_THAT_DROP = (9, 10)  # NFT_OBJECT_CT_EXPECT (a packet whose expectation clashes), NFT_OBJECT_SYNPROXY


def take(state: State, name: str, data: bytes | None) -> None:
    """Take one expression; `data` are its attributes, None where it has none."""
    handler = _HANDLERS.get(name)
    if handler is not None:
        try:
            handler(state, attributes(data or b""))
            understood = data is not None or name == "notrack"
        except (KeyError, IndexError, ValueError, struct.error):  # another kernel may write it in another way
            understood = False
        if not understood:
            _not_understood(state, name)
    elif name in NATIVE_TARGETS:
        state.decide(NATIVE_TARGETS[name])
    elif name not in HARMLESS:
        _not_understood(state, name)


def _not_understood(state: State, name: str) -> None:
    """It may load a register, limit the rule, or both."""
    state.registers.clear()
    state.unknown = name
    state.conditions.append(Condition(name, UNKNOWN))
    if name not in NEVER_DECIDE:
        state.made.setdefault("target", f"?{name}")


def _bitwise(state: State, parts: Attributes) -> None:
    source = state.loaded(parts[nfta.BITWISE_SREG])
    operation = u32(parts[nfta.BITWISE_OP]) if nfta.BITWISE_OP in parts else BITWISE_MASK_XOR
    mask, xor = (
        attributes(parts.get(place, b"")).get(nfta.DATA_VALUE, b"") for place in (nfta.BITWISE_MASK, nfta.BITWISE_XOR)
    )
    plain = source.key in MASKED and source.mask is None and not source.second and operation == BITWISE_MASK_XOR
    understood = plain and len(mask) == source.size and (source.key in MARKS or not any(xor))
    loaded = Loaded("?bitwise")
    if understood:
        loaded = Loaded(source.key, source.size, mask, xor=xor)
    elif operation == BITWISE_MASK_XOR and source.mask is None:  # bytes of the packet that are written back
        loaded = replace(loaded, mask=mask, xor=xor)
    state.load(parts[nfta.BITWISE_DREG], loaded)


def _cmp(state: State, parts: Attributes) -> None:
    source, operation = state.loaded(parts[nfta.CMP_SREG]), u32(parts[nfta.CMP_OP])
    data = attributes(parts[nfta.CMP_DATA])[nfta.DATA_VALUE]
    if not data or (source.size and len(data) != source.size):
        raise ValueError("compared with more or less than was loaded")
    if source.second and operation == EQ:
        half = len(data) // 2
        pairs = [(Loaded(source.key), data[:half]), (Loaded(source.second), data[half:])]
    else:
        pairs = [(Loaded("?cmp") if source.second else source, data)]
    for loaded, value in pairs:
        condition = compared(state.layer3, loaded, operation, value)
        state.conditions.append(condition or Condition(loaded.key.removeprefix("?"), UNKNOWN))
        if condition and condition.key == FAMILY and condition.operator == EQUAL and not state.layer3:
            state.layer3 = str(condition.value)


def _range(state: State, parts: Attributes) -> None:
    source, operation = state.loaded(parts[nfta.RANGE_SREG]), u32(parts[nfta.RANGE_OP])
    first, last = (attributes(parts[place])[nfta.DATA_VALUE] for place in (nfta.RANGE_FROM, nfta.RANGE_TO))
    whole = source.key in (*PORTS, *ADDRESSES) and not source.second and source.mask is None
    if not whole or {len(first), len(last)} != {source.size}:
        raise ValueError("a range of neither ports nor addresses")
    wanted = number(first), number(last)
    if source.key in PORTS:
        state.conditions.append(Condition(source.key, RANGES[operation], wanted))
    else:
        operator = IN if RANGES[operation] == EQUAL else NOT_IN
        state.conditions.append(Condition(source.key, operator, (wanted,)))


def _lookup(state: State, parts: Attributes) -> None:
    if parts.keys() - LOOKUP_PARTS:
        raise ValueError("a look-up with more than is understood")
    name = text(parts[nfta.LOOKUP_SET])
    fields = state.take_joined(parts[nfta.LOOKUP_SREG])
    plain = all(f.key[:1] != "?" and f.mask is None and not f.second and not f.map and f.key for f in fields)
    keys = JOINED.join(field.key.removeprefix("?") or "constant" for field in fields)
    register = u32(parts[nfta.LOOKUP_DREG]) if nfta.LOOKUP_DREG in parts else None
    if register == VERDICT_REGISTER:
        if not plain:
            state.conditions.append(Condition(keys, UNKNOWN))
        state.decide(MAP, to=name, by=keys if plain else f"?{keys}")
        return
    inverted = nfta.LOOKUP_FLAGS in parts and u32(parts[nfta.LOOKUP_FLAGS]) & LOOKUP_INVERTED
    operator = UNKNOWN if not plain else NOT_IN if inverted else IN
    state.conditions.append(Condition(keys, operator, None if operator == UNKNOWN else name))
    if register is not None:
        state.load(parts[nfta.LOOKUP_DREG], Loaded(keys, map=name) if plain else Loaded("?lookup"))


def _match(state: State, parts: Attributes) -> None:
    name, revision = text(parts[nfta.XT_NAME]), u32(parts[nfta.XT_REVISION])
    state.conditions.extend(xt.conditions(name, revision, parts.get(nfta.XT_INFO, b""), state.layer3))


def _notrack(state: State, _: Attributes) -> None:
    state.effect(Effect(UNTRACKED))


def _objref(state: State, parts: Attributes) -> None:
    kind = u32(parts[nfta.OBJREF_TYPE])
    if kind in OBJECTS_THAT_DROP:
        state.decide("?objref")
    elif kind not in OBJECTS_WITHOUT_CONDITION:
        raise ValueError("an object that may limit the rule")


Handler = Callable[[State, Attributes], None]
_HANDLERS: Mapping[str, Handler] = {
    "meta": loads.meta,
    "payload": loads.payload,
    "fib": loads.fib,
    "ct": loads.ct,
    "bitwise": _bitwise,
    "cmp": _cmp,
    "range": _range,
    "lookup": _lookup,
    "immediate": targets.immediate,
    "nat": targets.nat,
    "redir": targets.redir,
    "target": targets.target,
    "match": _match,
    "notrack": _notrack,
    "objref": _objref,
}
