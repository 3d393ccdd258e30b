"""Whether a packet meets a rule of one ruleset, whose sets and maps are looked up."""

from collections.abc import Iterator
from functools import lru_cache

from exporter.core.nat.packet import NO, UNKNOWN, YES, Answer, Inside, Packet
from exporter.core.nat.ruleset import (
    BRIDGE,
    EQUAL,
    IIF,
    IN,
    JOINED,
    JUMP,
    NETDEV,
    NOT_IN,
    OIF,
    UNEQUAL,
    Condition,
    Element,
    Place,
    Rule,
    Ruleset,
)
from exporter.core.nat.walk.conditions import CHECKS, LISTED, either, is_listed, negated
from exporter.core.nat.walk.marks import changed

DEVICES = (IIF, OIF)
COMPARED, LISTED_OPERATORS = (EQUAL, UNEQUAL), (IN, NOT_IN)


class Matcher:
    """Answers for one ruleset in one network namespace."""

    def __init__(self, rules: Ruleset, inside: Inside) -> None:
        self._rules = rules
        self._inside = inside
        self._lists: dict[Place, tuple[tuple[int, int], ...]] = {}

    def matches(self, rule: Rule, packet: Packet) -> Answer:
        """Whether all conditions of a rule hold; what one of them denies is denied whatever the others are."""
        answer = YES
        for condition in rule.conditions:
            found = self._holds(rule, condition, packet)
            if not found:
                return NO
            answer = min(answer, found)
        return answer

    def applied(self, rule: Rule, packet: Packet, sure: Answer) -> tuple[Answer, Packet]:
        """Whether a rule that changes marks matches, and the packet behind it: conditions see the marks so far.

        `sure` is how certain it is that the packet gets to the rule.
        """
        answer, changes = sure, list(rule.effects)
        for number, condition in enumerate((*rule.conditions, None)):
            while changes and changes[0].behind <= number:
                packet = changed(packet, changes[:1], answer)
                changes.pop(0)
            answer = min(answer, self._holds(rule, condition, packet)) if condition is not None else answer
            if not answer:
                break
        return answer, packet

    def limits(self, rule: Rule, packet: Packet) -> tuple[str, ...]:
        """Return the keys of conditions that do not hold for certain."""
        return tuple(c.key for c in rule.conditions if self._holds(rule, c, packet) != YES)

    def elements(self, rule: Rule, packet: Packet) -> Iterator[tuple[Element, Answer]] | None:
        """Return the elements of a rule's map that the packet may lead to; None where its content is not known."""
        place = rule.family, rule.table, rule.to
        jumps = self._rules.maps.get(place)
        if jumps is not None:
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

    def _holds(self, rule: Rule, condition: Condition, packet: Packet) -> Answer:
        key, operator, value = condition
        if rule.family in (BRIDGE, NETDEV) and key in DEVICES:
            return UNKNOWN  # there a device is a port of the bridge
        if operator in COMPARED:
            check = CHECKS.get(key)
            answer = check(value, packet, self._inside) if check else UNKNOWN
            return answer if operator == EQUAL else negated(answer)
        if operator in LISTED_OPERATORS:
            answer = self._listed(rule, key, value, packet)
            return answer if operator == IN else negated(answer)
        return UNKNOWN

    def _listed(self, rule: Rule, key: str, value: object, packet: Packet) -> Answer:
        if isinstance(value, tuple):
            return is_listed(key, value, packet, self._inside)
        place = rule.family, rule.table, str(value)
        keys = _keys(key)
        if len(keys) == 1 and (values := self._values(place)) is not None:
            return is_listed(key, values, packet, self._inside)
        elements = self._rules.sets.get(place)
        if elements is None:
            return UNKNOWN
        return either(self._is_element(rule, keys, element, packet) if element.key else YES for element in elements)

    def _values(self, place: Place) -> tuple[object, ...] | None:
        """The values of a set with one key; None for one that is not known, or that has an element for all others."""
        known = self._lists.get(place)
        if known is None:
            elements = self._rules.sets.get(place)
            if elements is None:
                jumps = self._rules.maps.get(place)
                return None if jumps is None else tuple(jumps)
            if not all(element.key for element in elements):
                return None
            known = self._lists[place] = tuple(element.key[0] for element in elements)
        return known

    def _is_element(self, rule: Rule, keys: tuple[str, ...], element: Element, packet: Packet) -> Answer:
        answer = YES
        for key, value in zip(keys, element.key, strict=True):
            check = LISTED.get(key) or CHECKS.get(key)
            unknown = check is None or (rule.family in (BRIDGE, NETDEV) and key in DEVICES)
            found = UNKNOWN if unknown or check is None else check(value, packet, self._inside)
            if not found:
                return NO
            answer = min(answer, found)
        return answer


@lru_cache(1 << 10)
def _keys(joined: str) -> tuple[str, ...]:
    return tuple(joined.split(JOINED))
