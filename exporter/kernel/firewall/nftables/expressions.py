"""What each expression of a rule does to a little machine of registers, that knows what a register was loaded with.

An expression that is not understood clears the registers: else the next comparison would be taken for one of what was
there before, and the rule would look like another.
"""

import struct
from collections.abc import Callable, Mapping

from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    DST_TYPE,
    EQUAL,
    IIF,
    IP,
    IP6,
    MAP,
    OIF,
    PROTOCOL,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    UNEQUAL,
    UNKNOWN,
    Condition,
)
from exporter.kernel.firewall.nftables import nfta, targets, xt
from exporter.kernel.firewall.nftables.comparisons import EQ, STATUS, compared
from exporter.kernel.firewall.nftables.machine import Attributes, Loaded, State, u32
from exporter.kernel.firewall.nftables.targets import VERDICT_REGISTER
from exporter.kernel.netlink.nfnetlink import attributes, number, text
from exporter.kernel.netlink.protocols import ADDRESS_BYTES

NATIVE_TARGETS = {"masq": "MASQUERADE", "reject": "REJECT", "queue": "QUEUE", "tproxy": "TPROXY"}
HARMLESS = frozenset({"counter", "log", "notrack"})  # they neither ask nor decide
# Some that ask, limit or mark, and never end a packet's way: of others it cannot be told.
NEVER_DECIDE = frozenset(
    {
        *("bitwise", "byteorder", "cmp", "connlimit", "ct", "dup", "dynset", "exthdr", "fib", "flow_offload", "hash"),
        *("last", "limit", "match", "meta", "numgen", "objref", "osf", "payload", "quota", "range", "rt"),
        *("secmark", "socket", "tunnel", "xfrm"),
    }
)
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
CT = {0: STATE, 2: STATUS}  # NFT_CT_STATE, NFT_CT_STATUS
RANGES = {0: EQUAL, 1: UNEQUAL}  # NFT_RANGE_*
PROTOCOL_BYTES, WORD = 1, 4


def take(state: State, name: str, data: bytes | None) -> None:
    """Take one expression; `data` are its attributes, None where it has none."""
    handler = _HANDLERS.get(name)
    if handler is not None:
        try:
            handler(state, attributes(data or b""))
            understood = data is not None
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


def _meta(state: State, parts: Attributes) -> None:
    if nfta.META_SREG in parts:
        return  # it sets a mark and asks nothing
    key = META.get(u32(parts[nfta.META_KEY]), "?meta")
    state.load(parts[nfta.META_DREG], Loaded(key, size=PROTOCOL_BYTES if key == PROTOCOL else 0))


def _payload(state: State, parts: Attributes) -> None:
    if nfta.PAYLOAD_SREG in parts:
        return
    base, offset = u32(parts[nfta.PAYLOAD_BASE]), u32(parts[nfta.PAYLOAD_OFFSET])
    key = PORTS.get(offset) if base == TRANSPORT_HEADER else PAYLOAD.get((state.family, base, offset))
    length, size = u32(parts[nfta.PAYLOAD_LEN]), _size(state.family, key or "")
    loaded = Loaded("?payload")
    if key and (length == size or (key in (SRC, DST) and length < size)):
        loaded = Loaded(key, length)
    elif key in NEIGHBOURS and length == 2 * size:
        loaded = Loaded(key, length, second=NEIGHBOURS[key])
    state.load(parts[nfta.PAYLOAD_DREG], loaded)


def _size(family: str, key: str) -> int:
    """How many bytes a key has; a prefix of an address is a shorter load."""
    return {PROTOCOL: PROTOCOL_BYTES, SPORT: 2, DPORT: 2}.get(key, ADDRESS_BYTES.get(family, 0))


def _fib(state: State, parts: Attributes) -> None:
    keys = {FIB_SOURCE: SRC_TYPE, FIB_DESTINATION: DST_TYPE}
    flags, result = u32(parts[nfta.FIB_FLAGS]), u32(parts[nfta.FIB_RESULT])
    key = keys.get(flags) if result == FIB_ADDRESS_TYPE else None
    state.load(parts[nfta.FIB_DREG], Loaded(key, WORD) if key else Loaded("?fib"))


def _ct(state: State, parts: Attributes) -> None:
    if nfta.CT_SREG in parts:
        return
    key = None if nfta.CT_DIRECTION in parts else CT.get(u32(parts[nfta.CT_KEY]))
    state.load(parts[nfta.CT_DREG], Loaded(key, WORD) if key else Loaded("?ct"))


def _bitwise(state: State, parts: Attributes) -> None:
    source = state.loaded(parts[nfta.BITWISE_SREG])
    mask, xor = (
        attributes(parts.get(place, b"")).get(nfta.DATA_VALUE, b"") for place in (nfta.BITWISE_MASK, nfta.BITWISE_XOR)
    )
    plain = source.key in (SRC, DST, STATE, STATUS) and source.mask is None and not source.second
    understood = plain and len(mask) == source.size and not any(xor)
    loaded = Loaded(source.key, source.size, mask) if understood else Loaded("?bitwise")
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
        condition = compared(state.family, loaded.key, operation, value, loaded.mask)
        state.conditions.append(condition or Condition(loaded.key.removeprefix("?"), UNKNOWN))


def _range(state: State, parts: Attributes) -> None:
    source, operation = state.loaded(parts[nfta.RANGE_SREG]), u32(parts[nfta.RANGE_OP])
    first, last = (attributes(parts[place])[nfta.DATA_VALUE] for place in (nfta.RANGE_FROM, nfta.RANGE_TO))
    if source.key not in (SPORT, DPORT) or source.second or {len(first), len(last)} != {source.size}:
        raise ValueError("a range of what is no port")
    state.conditions.append(Condition(source.key, RANGES[operation], (number(first), number(last))))


def _lookup(state: State, parts: Attributes) -> None:
    key = state.loaded(parts[nfta.LOOKUP_SREG]).key.removeprefix("?")
    register = u32(parts[nfta.LOOKUP_DREG]) if nfta.LOOKUP_DREG in parts else None
    if register == VERDICT_REGISTER:
        state.decide(MAP, to=text(parts[nfta.LOOKUP_SET]), by=key)
        return
    state.conditions.append(Condition(key, UNKNOWN))
    if register is not None:
        state.registers[register] = Loaded("?lookup")


def _match(state: State, parts: Attributes) -> None:
    name, revision = text(parts[nfta.XT_NAME]), u32(parts[nfta.XT_REVISION])
    state.conditions.extend(xt.conditions(name, revision, parts.get(nfta.XT_INFO, b"")))


Handler = Callable[[State, Attributes], None]
_HANDLERS: Mapping[str, Handler] = {
    "meta": _meta,
    "payload": _payload,
    "fib": _fib,
    "ct": _ct,
    "bitwise": _bitwise,
    "cmp": _cmp,
    "range": _range,
    "lookup": _lookup,
    "immediate": targets.immediate,
    "nat": targets.nat,
    "redir": targets.redir,
    "target": targets.target,
    "match": _match,
}
