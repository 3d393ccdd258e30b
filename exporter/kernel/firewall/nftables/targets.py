"""Expressions that say what a rule does with a packet: verdicts and translations."""

import ipaddress
import struct

from exporter.core.nat.ruleset import GOTO, JUMP, RETURN, UNKNOWN, Condition
from exporter.kernel.firewall.nftables import nfta, xt
from exporter.kernel.firewall.nftables.machine import Attributes, Loaded, State, u32
from exporter.kernel.netlink.nfnetlink import attributes, number, text
from exporter.kernel.netlink.protocols import ADDRESS_BYTES

VERDICTS = {0: "DROP", 1: "ACCEPT", -1: "CONTINUE", -3: JUMP, -4: GOTO, -5: RETURN}
VERDICT_REGISTER = 0
SNAT, DNAT = "SNAT", "DNAT"
NAT_TYPES = {0: SNAT, 1: DNAT}  # NFT_NAT_*
PORT_BYTES = (0, 2)


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
    """Take a translation; a range begins with the address and the port that are told."""
    address = _constant(state, parts, nfta.NAT_REG_ADDR, nfta.NAT_REG_ADDR_MAX)
    port = _constant(state, parts, nfta.NAT_REG_PROTO, nfta.NAT_REG_PROTO_MAX)
    state.decide(NAT_TYPES[u32(parts[nfta.NAT_TYPE])])
    if address is None or port is None or not (address or port):
        state.conditions.append(Condition("nat", UNKNOWN))  # it leads where a map says
    _lead(state, address or b"", port or b"")


def redir(state: State, parts: Attributes) -> None:
    """Take a translation to the host itself."""
    state.decide("REDIRECT")
    port = _constant(state, parts, nfta.REDIR_REG_PROTO, nfta.REDIR_REG_PROTO_MAX)
    if port is None:
        state.conditions.append(Condition("redir", UNKNOWN))
    _lead(state, b"", port or b"")


def _constant(state: State, parts: Attributes, first: int, last: int) -> bytes | None:
    """Return what a register holds, b'' where there is none; None for what is no constant. Of a range both are told."""
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
    name = text(parts[nfta.XT_NAME])
    state.decide(name)
    if name in xt.TRANSLATIONS and state.family in ADDRESS_BYTES:
        size, revision = ADDRESS_BYTES[state.family], u32(parts[nfta.XT_REVISION])
        state.made["address"], state.made["port"] = xt.translation(parts[nfta.XT_INFO], revision, size)
