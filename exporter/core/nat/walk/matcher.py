"""Whether a packet meets a rule of one ruleset, whose sets and maps are looked up.

Each rule's conditions are compiled once to functions of a packet: a walk calls the same ones for thousands of ports.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from exporter.core.nat.packet import NO, UNKNOWN, YES, Answer, Inside, Packet
from exporter.core.nat.ruleset import (
    BRIDGE,
    CT_MARK,
    DIRECTION,
    DPORT,
    EQUAL,
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    IN,
    JOINED,
    JUMP,
    NETDEV,
    NOT_IN,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PROTOCOL,
    STATE_INVALID,
    STATE_UNTRACKED,
    UNEQUAL,
    Condition,
    Element,
    Place,
    Rule,
    Ruleset,
)
from exporter.core.nat.walk.conditions import (
    ADDRESSES,
    CHECKS,
    LISTED,
    Range,
    either,
    is_address,
    is_listed,
    is_port,
    spans,
)
from exporter.core.nat.walk.marks import changed

DEVICES = (IIF, OIF)
DEVICES_OR_PORTS = (IIF, OIF, IIF_INDEX, OIF_INDEX, IIF_GROUP, OIF_GROUP)
OF_CONNECTIONS = frozenset({CT_MARK, DIRECTION, ORIGINAL_DST, ORIGINAL_DPORT})
WITHOUT_CONNECTION = STATE_INVALID | STATE_UNTRACKED
OPPOSITE = {NO: YES, YES: NO}
Holds: TypeAlias = Callable[[Packet], Answer]


class Matcher:
    """Answers for one ruleset in one network namespace."""

    def __init__(self, rules: Ruleset, inside: Inside) -> None:
        self._rules = rules
        self._inside = inside
        self._compiled: dict[int, tuple[Rule, tuple[Holds, ...]]] = {}  # by the rule's id, with the rule that has it
        self._compared_before: dict[Condition, Holds] = {}  # engines write the same conditions in many rules

    def matches(self, rule: Rule, packet: Packet) -> Answer:
        """Whether all conditions of a rule hold; what one of them denies is denied whatever the others are."""
        answer = YES
        for holds in self._conditions(rule):
            found = holds(packet)
            if found < answer:
                if not found:
                    return NO
                answer = found
        return answer

    def applied(self, rule: Rule, packet: Packet, sure: Answer) -> tuple[Answer, Packet]:
        """Whether a rule that changes marks matches, and the packet behind it: conditions see the marks so far.

        `sure` is how certain it is that the packet gets to the rule.
        """
        answer, changes = sure, list(rule.effects)
        for number, holds in enumerate((*self._conditions(rule), None)):
            while changes and changes[0].behind <= number:
                packet = changed(packet, changes[:1], answer)
                changes.pop(0)
            answer = min(answer, holds(packet)) if holds is not None else answer
            if not answer:
                break
        return answer, packet

    def limits(self, rule: Rule, packet: Packet) -> tuple[str, ...]:
        """Return the keys of conditions that do not hold for certain."""
        pairs = zip(rule.conditions, self._conditions(rule), strict=True)
        return tuple(condition.key for condition, holds in pairs if holds(packet) != YES)

    def elements(self, rule: Rule, packet: Packet) -> Iterator[tuple[Element, Answer]] | None:
        """Return the elements of a rule's map that the packet may lead to; None where its content is not known."""
        place = rule.family, rule.table, rule.to
        jumps = self._rules.maps.get(place)
        if jumps is not None and rule.by in DEVICES:
            return self._among(rule, tuple(Element((name,), JUMP, chain) for name, chain in jumps.items()), packet)
        found = self._rules.sets.get(place)
        return None if found is None else self._among(rule, found, packet)

    def _among(self, rule: Rule, elements: tuple[Element, ...], packet: Packet) -> Iterator[tuple[Element, Answer]]:
        """Yield until one matches for certain: keys of a map do not overlap."""
        keys = _keys(rule.by)
        for element in elements:
            answer = self._is_element(rule, keys, element, packet) if element.key else YES
            if answer:
                yield element, answer
            if answer == YES:
                return

    def _conditions(self, rule: Rule) -> tuple[Holds, ...]:
        known = self._compiled.get(id(rule))
        if known is None:
            known = rule, tuple(self._compile(rule, condition) for condition in rule.conditions)
            self._compiled[id(rule)] = known
        return known[1]

    def _compile(self, rule: Rule, condition: Condition) -> Holds:
        key, operator, value = condition
        if rule.family in (BRIDGE, NETDEV) and key in DEVICES_OR_PORTS:
            return _unknown  # there a device is a port of the bridge
        if operator in (EQUAL, UNEQUAL):
            known = self._compared_before.get(condition)
            if known is None:
                known = self._compared_before[condition] = self._finished(key, operator, self._compared(key, value))
            return known
        return self._finished(key, operator, self._listed(rule, key, value) if operator in (IN, NOT_IN) else None)

    def _finished(self, key: str, operator: str, found: Holds | None) -> Holds:
        if found is None:
            return _unknown
        if key in OF_CONNECTIONS:
            return _connected(_opposite(found) if operator in (UNEQUAL, NOT_IN) else found)
        return _opposite(found) if operator in (UNEQUAL, NOT_IN) else found

    def _compared(self, key: str, value: Any) -> Holds | None:
        check, inside = CHECKS.get(key), self._inside
        if check is None:
            return None
        if key == DPORT:
            first, last = value
            return lambda p: (YES if first <= p.dport <= last else NO) if p.dport is not None else is_port(value, None)
        if key == PROTOCOL:
            return lambda packet: YES if packet.protocol == value else NO
        if key in ADDRESSES:
            ranges = spans(value)
            if ranges is not None:
                return self._addressed(key, ranges)
        return lambda packet: check(value, packet, inside)

    def _addressed(self, key: str, ranges: tuple[Range, ...]) -> Holds:
        """Compare an address; the answer for one that is not known is the same for every packet of a family."""
        role, inside = ADDRESSES[key], self._inside
        open_answers: dict[tuple[str, bool], Answer] = {}

        def holds(packet: Packet) -> Answer:
            address, own = role(packet)
            if address is not None:
                for first, last in ranges:
                    if first <= address <= last:
                        return YES
                return NO
            kind = packet.family, own
            if kind not in open_answers:
                open_answers[kind] = is_address(ranges, None, packet, inside, own=own)
            return open_answers[kind]

        return holds

    def _listed(self, rule: Rule, key: str, value: object) -> Holds | None:
        inside = self._inside
        values = value if isinstance(value, tuple) else self._values((rule.family, rule.table, str(value)), key)
        if values is not None and key in ADDRESSES:
            return self._addressed(key, values)
        if values is not None:
            return lambda packet: is_listed(key, values, packet, inside)
        elements = self._rules.sets.get((rule.family, rule.table, str(value)))
        if elements is None:
            return None
        keys = _keys(key)
        return lambda packet: either(self._is_element(rule, keys, e, packet) if e.key else YES for e in elements)

    def _values(self, place: Place, key: str) -> tuple[Any, ...] | None:
        """The values of a set with one key; None for one that is not known, or that has an element for all others."""
        elements = self._rules.sets.get(place)
        if elements is None:
            jumps = self._rules.maps.get(place)
            return tuple(jumps) if jumps is not None and key in DEVICES else None
        if len(_keys(key)) > 1 or not all(element.key for element in elements):
            return None
        return tuple(element.key[0] for element in elements)

    def _is_element(self, rule: Rule, keys: tuple[str, ...], element: Element, packet: Packet) -> Answer:
        answer = YES
        for key, value in zip(keys, element.key, strict=True):
            check = LISTED.get(key) or CHECKS.get(key)
            unknown = check is None or (rule.family in (BRIDGE, NETDEV) and key in DEVICES_OR_PORTS)
            found = UNKNOWN if unknown or check is None else check(value, packet, self._inside)
            if not found:
                return NO
            answer = min(answer, found)
        return answer


def _unknown(_: Packet) -> Answer:
    return UNKNOWN


def _connected(holds: Holds) -> Holds:
    """Without a connection a condition on it does not hold, whether negated or not."""
    return lambda packet: NO if packet.state & WITHOUT_CONNECTION else holds(packet)


def _opposite(holds: Holds) -> Holds:
    def opposite(packet: Packet) -> Answer:
        answer = holds(packet)
        return OPPOSITE.get(answer, answer)

    return opposite


@lru_cache(1 << 10)
def _keys(joined: str) -> tuple[str, ...]:
    return tuple(joined.split(JOINED))
