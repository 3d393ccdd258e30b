"""Which of a chain's rules a packet can meet at all: of thousands a handful."""

from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

from exporter.core.nat.packet import Inside, Packet, parts_of
from exporter.core.nat.ruleset import DPORT, DST, EQUAL, IIF, IN, OIF, PROTOCOL, Rule, is_one_address
from exporter.core.nat.walk.conditions import may_be_open

MOST_PORTS = 16  # of a list or range that is indexed port by port

# What an index goes by, and its part of a packet. A destination of None is an address that is not known.
BY_PORT, BY_PLACE = (PROTOCOL, DPORT), (DST, PROTOCOL, DPORT)
PARTS: dict[tuple[str, ...], Callable[[Packet], Any]] = {
    BY_PORT: parts_of("protocol", "dport"),
    BY_PLACE: parts_of("dst", "protocol", "dport"),
    (DST,): parts_of("dst"),
    (IIF,): parts_of("iif"),
    (OIF,): parts_of("oif"),
}
Key = tuple[tuple[str, ...], object]  # one of PARTS and a value
T = TypeVar("T")


class ChainIndex(Generic[T]):
    """The rules of a chain by the address, ports or bridge that each matches; all packets meet the others.

    `prepare` makes of a rule and its place in the chain what `candidates` returns; once, for a rule that is met.
    """

    def __init__(self, rules: tuple[Rule, ...], inside: Inside, prepare: Callable[[int, Rule], T]) -> None:
        self._rules = rules
        self._prepare = prepare
        keyed: dict[tuple[str, ...], dict[object, list[int]]] = {}
        self._others: list[int] = []
        is_open = cache(lambda wanted: may_be_open(wanted, inside))  # engines write an address into many rules
        for number, rule in enumerate(rules):
            keys = _keys(rule, is_open, inside.bridges)
            for parts, value in keys:
                keyed.setdefault(parts, {}).setdefault(value, []).append(number)
            if not keys:
                self._others.append(number)
        self._indexes = [(PARTS[parts], numbers) for parts, numbers in keyed.items()]
        self._always = [prepare(number, rules[number]) for number in self._others]
        self._prepared = dict(zip(self._others, self._always, strict=True))

    def candidates(self, packet: Packet) -> list[T]:
        """Return those that a packet meets, in their order."""
        found: list[int] = []
        for part_of, numbers in self._indexes:
            known = numbers.get(part_of(packet))
            if known is not None:
                found += known
        if not found:
            return self._always
        return [self._prepared.get(number) or self._new(number) for number in sorted(self._others + found)]

    def _new(self, number: int) -> T:
        made = self._prepared[number] = self._prepare(number, self._rules[number])
        return made


def _keys(rule: Rule, is_open: Callable[[tuple[int, int]], bool], bridges: frozenset[str]) -> list[Key]:
    """Return what a packet must ask for to meet a rule; one of several, whichever way its destination is known.

    `is_open`: whether the address of a packet that is not known may be this one. A rule that marks a packet before it
    has compared all is met by every packet.
    """
    if any(effect.behind < len(rule.conditions) for effect in rule.effects):
        return []
    equal = {key: value for key, operator, value in rule.conditions if operator == EQUAL}
    destination, protocol = equal.get(DST), equal.get(PROTOCOL)
    ports = [(protocol, port) for port in _ports(rule, equal.get(DPORT))] if protocol is not None else []
    if destination is not None and is_one_address(destination):
        addresses = (destination[0], None) if is_open(destination) else (destination[0],)
        if ports:
            return [(BY_PLACE, (address, *port)) for address in addresses for port in ports]
        return [((DST,), address) for address in addresses]
    if ports:
        return [(BY_PORT, port) for port in ports]
    return next(([((key,), equal[key])] for key in (OIF, IIF) if equal.get(key) in bridges), [])


def _ports(rule: Rule, wanted: tuple[int, int] | None) -> list[int]:
    """The ports that a rule matches, where they are few; `wanted` is the range that it compares with."""
    if wanted is not None and wanted[0] == wanted[1]:
        return [wanted[0]]
    ranges = rule.value(DPORT, IN) if wanted is None else (wanted,)
    if not isinstance(ranges, tuple):
        return []
    found: list[int] = []
    for first, last in ranges:
        if len(found) + last - first >= MOST_PORTS:
            return []
        found += range(first, last + 1)
    return found
