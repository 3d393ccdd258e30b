"""A packet on its way, and whether a rule wants it: yes, no, or that cannot be told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    DST_TYPE,
    EQUAL,
    IIF,
    MAP,
    OIF,
    PROTOCOL,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    STATE_NEW,
    TYPE_LOCAL,
    UNEQUAL,
    Condition,
    Rule,
)

OUTSIDE = ""  # a device that leads out of the host, whichever
ALL_PORTS = (0, 65535)
# Beginnings of names of devices that Docker makes: a rule for all of them means none that leads out.
DOCKERS_DEVICES = ("br-", "docker", "veth")


class Packet(NamedTuple):
    """A packet; the first of a connection unless told. `src` and `dst` are numbers, None any outside or of the host.

    `to_host` says that the destination is an address of the host's own.
    """

    iif: str = OUTSIDE
    oif: str = OUTSIDE
    src: int | None = None
    dst: int | None = None
    protocol: str = "tcp"
    dport: int = 0
    to_host: bool = False
    state: int = STATE_NEW


@dataclass(frozen=True, slots=True)
class Inside:
    """What is not outside: Docker's bridges, and (network, mask) of addresses that no packet from outside has."""

    bridges: frozenset[str] = frozenset()
    networks: tuple[tuple[int, int], ...] = ()


def wants(rule: Rule, packet: Packet, inside: Inside) -> bool | None:
    """Whether the rule matches; None when one of its conditions leaves it open and none says no."""
    answer: bool | None = None if rule.by and rule.target != MAP else True
    for condition in rule.conditions:
        holds = _holds(condition, packet, inside)
        if holds is False:
            return False
        if holds is None:
            answer = None
    return answer


def _holds(condition: Condition, packet: Packet, inside: Inside) -> bool | None:
    key, operator, value = condition
    check = _CHECKS.get(key)
    if operator not in (EQUAL, UNEQUAL) or check is None:
        return None
    same = check(value, packet, inside)
    return same if same is None or operator == EQUAL else not same


def is_device(wanted: str, name: str, inside: Inside) -> bool | None:
    """Whether a device is one that is wanted, by its name or by its beginning."""
    prefix = wanted.removesuffix("*")
    if name != OUTSIDE:
        return name.startswith(prefix) if wanted.endswith("*") else name == wanted
    if wanted == "*":
        return True
    return False if wanted in inside.bridges or wanted == "lo" or prefix in DOCKERS_DEVICES else None


def _is_in(wanted: tuple[int, int], address: int | None, inside: Inside) -> bool | None:
    network, mask = wanted
    if address is not None:
        return address & mask == network
    if not mask:
        return True
    # A mask of the same length is one of the same family.
    bits = mask.bit_length()
    same = any(m.bit_length() == bits and network & m == n and mask & m == m for n, m in inside.networks)
    return False if same else None


_CHECKS: Mapping[str, Callable[[Any, Packet, Inside], bool | None]] = {
    IIF: lambda wanted, packet, inside: is_device(wanted, packet.iif, inside),
    OIF: lambda wanted, packet, inside: is_device(wanted, packet.oif, inside),
    SRC: lambda wanted, packet, inside: _is_in(wanted, packet.src, inside),
    DST: lambda wanted, packet, inside: _is_in(wanted, packet.dst, inside),
    DPORT: lambda wanted, packet, _: wanted[0] <= packet.dport <= wanted[1],
    SPORT: lambda wanted, *_: True if wanted == ALL_PORTS else None,
    PROTOCOL: lambda wanted, packet, _: wanted == packet.protocol,
    STATE: lambda wanted, packet, _: bool(wanted & packet.state),
    DST_TYPE: lambda wanted, packet, _: packet.to_host if wanted == TYPE_LOCAL else None,
    # Whoever sends is a client outside, or a container.
    SRC_TYPE: lambda wanted, *_: False if wanted == TYPE_LOCAL else None,
}
