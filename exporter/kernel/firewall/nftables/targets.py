"""Expressions that say what a rule does with a packet: verdicts and translations."""

import ipaddress
import struct

from exporter.core.nat.ruleset import GOTO, JUMP, RETURN, UNKNOWN, Condition
from exporter.kernel.firewall.nftables import nfta, xt_targets
from exporter.kernel.firewall.nftables.machine import WORD, Attributes, Loaded, State, u32, word
from exporter.kernel.netlink.messages import text
from exporter.kernel.netlink.nfnetlink import attributes, number
from exporter.kernel.netlink.protocols import ADDRESS_BYTES

VERDICTS = {0: "DROP", 1: "ACCEPT", -1: "CONTINUE", -3: JUMP, -4: GOTO, -5: RETURN}
VERDICT_REGISTER = 0
VERDICT_JUMP = 0xFFFFFFFD  # NFT_JUMP
SNAT, DNAT = "SNAT", "DNAT"
NAT_TYPES = {0: SNAT, 1: DNAT}  # NFT_NAT_*
PORT_BYTES = (0, 2)
NAT_PARTS, REDIR_PARTS = set(range(1, 8)), {1, 2, 3}  # NFTA_NAT_*, NFTA_REDIR_*


def immediate(state: State, parts: Attributes) -> None:
    """Take a verdict, or a constant for a register."""
    data = attributes(parts[nfta.IMMEDIATE_DATA])
    if u32(parts[nfta.IMMEDIATE_DREG]) != VERDICT_REGISTER:
        state.load(parts[nfta.IMMEDIATE_DREG], Loaded(constant=data[nfta.DATA_VALUE]))
        return
    verdict = attributes(data[nfta.DATA_VERDICT])
    target = VERDICTS.get(struct.unpack(">i", verdict[nfta.VERDICT_CODE])[0], "?verdict")
    state.decide(target, to=text(verdict[nfta.VERDICT_CHAIN]) if target in (JUMP, GOTO) else "")


def nat(state: State, parts: Attributes) -> None:
    """Take a translation; of a range of addresses it is unknown which one a connection gets."""
    _known(parts, NAT_PARTS)
    kind = NAT_TYPES[u32(parts[nfta.NAT_TYPE])]
    found = _map_of(state, parts, nfta.NAT_REG_ADDR, nfta.NAT_REG_PROTO)
    if found is not None:
        _mapped(state, kind, found, parts)
        return
    address = _constant(state, parts, nfta.NAT_REG_ADDR, nfta.NAT_REG_ADDR_MAX)
    port = _constant(state, parts, nfta.NAT_REG_PROTO, nfta.NAT_REG_PROTO_MAX)
    state.decide(kind)
    last = _constant(state, parts, nfta.NAT_REG_ADDR_MAX, nfta.NAT_REG_ADDR_MAX)
    if address is None or port is None or not (address or port) or (kind == DNAT and last not in (b"", address)):
        state.conditions.append(Condition("nat", UNKNOWN))
    _lead(state, address or b"", port or b"")


def _mapped(state: State, kind: str, found: Loaded, parts: Attributes) -> None:
    """Take a translation whose address or port a map gives; a port behind the map's address is of the same map."""
    address = _constant(state, parts, nfta.NAT_REG_ADDR, nfta.NAT_REG_ADDR_MAX) or b""
    port = _constant(state, parts, nfta.NAT_REG_PROTO, nfta.NAT_REG_PROTO_MAX)
    state.decide(kind, to=found.map, by=found.key)
    if port is None and nfta.NAT_REG_ADDR in parts and not address:
        behind = word(parts[nfta.NAT_REG_ADDR]) + ADDRESS_BYTES.get(state.layer3, 0) // WORD
        if word(parts[nfta.NAT_REG_PROTO]) != behind:
            state.conditions.append(Condition("nat", UNKNOWN))
    _lead(state, address, port or b"")


def redir(state: State, parts: Attributes) -> None:
    """Take a translation to the host itself."""
    _known(parts, REDIR_PARTS)
    found = _map_of(state, parts, nfta.REDIR_REG_PROTO, nfta.REDIR_REG_PROTO)
    if found is not None:
        state.decide("REDIRECT", to=found.map, by=found.key)
        return
    state.decide("REDIRECT")
    port = _constant(state, parts, nfta.REDIR_REG_PROTO, nfta.REDIR_REG_PROTO_MAX)
    if port is None:
        state.conditions.append(Condition("redir", UNKNOWN))
    _lead(state, b"", port or b"")


def _known(parts: Attributes, known: set[int]) -> None:
    if parts.keys() - known:
        raise ValueError("a translation with more than is understood")


def _map_of(state: State, parts: Attributes, address: int, port: int) -> Loaded | None:
    """Return what a map gave for the address, or for the port alone; None where neither is from a map.

    A port behind an address of the same map has no register of its own that was loaded.
    """
    for register in (address, port):
        if register in parts and state.loaded(parts[register]).map:
            return state.loaded(parts[register])
    return None


def _constant(state: State, parts: Attributes, first: int, last: int) -> bytes | None:
    """Return what a register holds, b'' where there is none; None for anything but a constant. Of a range the first."""
    for value in parts.values():
        u32(value)  # one that is longer would hide another
    if first not in parts and last not in parts:
        return b""
    return state.loaded(parts[first]).constant or None


def _lead(state: State, address: bytes, port: bytes) -> None:
    if len(port) not in PORT_BYTES:
        raise ValueError("no port")
    state.made.update(address=str(ipaddress.ip_address(address)) if address else "", port=number(port))


def target(state: State, parts: Attributes) -> None:
    """Take a target of xtables."""
    name, revision, info = text(parts[nfta.XT_NAME]), u32(parts[nfta.XT_REVISION]), parts.get(nfta.XT_INFO, b"")
    state.decide(xt_targets.undecoded(name, info) or name)
    for effect in xt_targets.effects(name, revision, info):
        state.effect(effect)
    if name in xt_targets.TRANSLATIONS and state.family in ADDRESS_BYTES:
        size = ADDRESS_BYTES[state.family]
        state.made["address"], state.made["port"] = xt_targets.translation(info, revision, size)
        if xt_targets.is_range(name, revision, info, size):
            state.conditions.append(Condition("nat", UNKNOWN))
