"""Which of the host's own ports DNAT rules take elsewhere: a listener there gets nothing of it.

Only rules whose every condition is understood, on the whole way from PREROUTING to them.
"""

from collections.abc import Iterator
from itertools import product

from msgspec import Struct

from exporter.core.model.sockets import ADDRESS, CONTAINER, SERVICE, Owner
from exporter.core.nat.expected import Expected
from exporter.core.nat.format import address_text
from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    DST_TYPE,
    EQUAL,
    GOTO,
    IIF,
    IN,
    IP,
    JUMP,
    PROTOCOL,
    SRC,
    UNEQUAL,
    Condition,
    Place,
    Rule,
    Ruleset,
    is_one_address,
)


class Redirect(Struct, frozen=True):
    """A DNAT rule that takes packets for the host's own addresses elsewhere.

    `host_ip` ('' for every address of the family), `in_interface` ('' for every one, '!br-front' for all but one) and
    `source` ('' for every client) limit it; `last_host_port` is 0 unless it is for a range. `target` is the new
    destination: a container, a Swarm service, or, as ADDRESS, an address that no container has.
    """

    family: int
    protocol: str
    host_port: int
    target: Owner
    host_ip: str = ""
    in_interface: str = ""
    source: str = ""
    last_host_port: int = 0


DEEPEST = 16
Ranges = tuple[tuple[int, int], ...]
VERSIONS = {IP: 4}
# What Docker leaves out of IPv6's rules: fe80::/10.
LINK_LOCAL = (0xFE80 << 112, 0xFFC0 << 112)


def redirects(rules: Ruleset, expected: Expected) -> tuple[Redirect, ...]:
    """Return them in the order in which a packet would meet them."""
    found: list[Redirect] = []
    for place, base in rules.bases.items():
        if base.hook == "prerouting":
            for conditions, rule in _translations(rules, place, (), DEEPEST):
                found += _redirect(conditions, rule, expected)
    return tuple(found)


def _translations(
    rules: Ruleset, place: Place, before: tuple[Condition, ...], depth: int
) -> Iterator[tuple[tuple[Condition, ...], Rule]]:
    for rule in rules.chains.get(place, ()):
        if rule.target == "DNAT":
            yield before + rule.conditions, rule
        elif rule.target in (JUMP, GOTO) and depth:
            inner = rule.family, rule.table, rule.to
            yield from _translations(rules, inner, before + rule.conditions, depth - 1)


def _redirect(conditions: tuple[Condition, ...], rule: Rule, expected: Expected) -> Iterator[Redirect]:
    """One for each range of ports; nothing for a rule without, or with a condition that a redirect cannot express."""
    limits: dict[str, str] = {}
    ranges: Ranges = ()
    for key, operator, value in conditions:
        if key == DPORT and (operator == EQUAL or (operator == IN and isinstance(value, tuple))):
            wanted = (value,) if operator == EQUAL else value
            ranges = tuple(_common(ranges, wanted)) if ranges else wanted
            if not ranges:
                return
        elif (text := _limit(rule.family, key, operator, value)) is not None:
            limits[key] = text or limits.get(key, "")
        else:
            return
    if PROTOCOL not in limits or not rule.address:
        return
    for first, last in ranges:
        yield Redirect(
            family=VERSIONS.get(rule.family, 6),
            protocol=limits[PROTOCOL],
            host_port=first,
            last_host_port=last,
            target=_target(rule.address, (first, last), expected),
            host_ip=limits.get(DST, ""),
            in_interface=limits.get(IIF, ""),
            source=limits.get(SRC, ""),
        )


def _common(ranges: Ranges, others: Ranges) -> Iterator[tuple[int, int]]:
    """The ports that are in both."""
    for (first, last), (other_first, other_last) in product(ranges, others):
        if max(first, other_first) <= min(last, other_last):
            yield max(first, other_first), min(last, other_last)


def _target(address: str, ports: tuple[int, int], expected: Expected) -> Owner:
    """The container that has an address, or the service whose port is forwarded to Swarm's ingress sandbox."""
    owner = expected.owners.get(address)
    if owner is None:
        return Owner(ADDRESS, address)
    if owner.is_container:
        return Owner(CONTAINER, owner.container, owner.container_id)
    return Owner(SERVICE, expected.services.get(ports[0], "") if ports[0] == ports[1] else "")


def _limit(family: str, key: str, operator: str, value: object) -> str | None:
    """Write one condition; '' for one that excludes no client, None for one that cannot be written."""
    if key == DST_TYPE and operator == EQUAL:
        return ""
    if key == PROTOCOL and operator == EQUAL:
        return str(value)
    sign = {EQUAL: "", UNEQUAL: "!"}.get(operator)
    if sign is None or not isinstance(value, (str, tuple)):
        return None
    if key == IIF:
        return f"{sign}{value}"
    return _address_limit(family, key, sign, value) if isinstance(value, tuple) else None


def _address_limit(family: str, key: str, sign: str, value: tuple[int, int]) -> str | None:
    if key == DST:
        return address_text(family, *value) if not sign and is_one_address(value) else None
    if key != SRC:
        return None
    return "" if sign and value == LINK_LOCAL else sign + address_text(family, *value)
