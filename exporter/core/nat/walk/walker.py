"""Walk a packet through the chains of one ruleset, as the kernel would: which rules decide, and how certain that is.

Texts of rules differ with every version of Docker, of iptables and with every option; what they do to a packet is the
same. Chains of thousands of rules are looked up through an index by address and port.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from exporter.core.nat.packet import UNKNOWN, YES, Answer, Inside, Packet
from exporter.core.nat.ruleset import FINAL, GOTO, JUMP, MAP, PASSING, RETURN, UNTRACKED, Place, Rule, Ruleset
from exporter.core.nat.ruleset import UNKNOWN as OPEN
from exporter.core.nat.walk.chain_index import ChainIndex
from exporter.core.nat.walk.matcher import Matcher

DEEPEST = 64  # chains within chains; the kernel allows 16 for nf_tables
LEADING = (JUMP, GOTO)
TRANSLATION, SEVERAL = "nat", "?"  # the condition of a translation to one of several addresses; its address
NOTRACK = "NOTRACK"  # of a hit: the packet is exempt from connection tracking, and so from translation, and goes on
NOT_DECIDED_HERE = ("QUEUE", "NFQUEUE", "TPROXY", "NETMAP", "SYNPROXY")  # a program or another address decides
DECIDES = FINAL - set(NOT_DECIDED_HERE)


class Hit(NamedTuple):
    """A rule that would decide, with its number in its chain from 1 on, and how certain it is that it does.

    `target`, `address` and `port` are those of the map's element where the rule looks one up.
    """

    rule: Rule
    number: int
    answer: Answer
    target: str
    address: str = ""
    port: int = 0


@dataclass(slots=True)
class Course:
    """The packet while it is walked: rules change its marks."""

    packet: Packet


class Walker:
    """Walks packets through one ruleset."""

    def __init__(self, rules: Ruleset, inside: Inside) -> None:
        self.ruleset = rules
        self.matcher = Matcher(rules, inside)
        self._inside = inside
        self._indexes: dict[Place, ChainIndex] = {}

    def hits(self, place: Place, course: Course) -> Iterator[Hit]:
        """Yield the rules that would decide, in the order in which the packet meets them, changing its marks.

        After one that is certain come those that it would meet if that were not there.
        """
        yield from self._hits(place, course, YES, DEEPEST)

    def _hits(self, place: Place, course: Course, sure: Answer, depth: int) -> Iterator[Hit]:
        """Walk one chain; `sure` is how certain it is that the packet is in it."""
        for number, rule in self._candidates(place, course.packet):
            matched = self._change(rule, course, sure) if rule.effects else self.matcher.matches(rule, course.packet)
            if not matched:
                continue
            answer = min(sure, matched)
            if rule.effects and any(effect.key == UNTRACKED for effect in rule.effects):
                yield Hit(rule, number + 1, answer, NOTRACK)
            if rule.target in PASSING:
                continue
            if rule.target in DECIDES and not rule.by:
                yield Hit(rule, number + 1, answer, rule.target, _address(rule), rule.port)
                continue
            if rule.target == RETURN:
                left = True
            elif rule.target == MAP:
                left, answer = yield from self._mapped(rule, number, course, answer, depth)
            else:
                left = yield from self._follow(Hit(rule, number + 1, answer, rule.target), rule.to, course, depth)
            if left:
                if answer == YES:
                    return
                sure = answer

    def _change(self, rule: Rule, course: Course, sure: Answer) -> Answer:
        """Match a rule that changes marks, and change them as certainly as the packet is there."""
        matched, packet = self.matcher.applied(rule, course.packet, sure)
        course.packet = packet
        return matched

    def _follow(self, hit: Hit, to: str, course: Course, depth: int) -> Generator[Hit, None, bool]:
        """Take what a rule or an element does; return whether the packet leaves the chain by it without a verdict."""
        rule = hit.rule
        if hit.target in LEADING:
            if depth:
                yield from self._hits((rule.family, rule.table, to), course, hit.answer, depth - 1)
            return hit.target == GOTO
        if hit.target == RETURN:
            return True
        if hit.target in PASSING:
            return False
        if rule.by and rule.target != MAP:
            yield from self._translated(hit, course.packet)
        else:
            decided = hit.target in DECIDES
            known = hit._replace(address=_address(rule), port=rule.port)
            yield known if decided else known._replace(answer=min(hit.answer, UNKNOWN))
        return False

    def _mapped(
        self, rule: Rule, number: int, course: Course, sure: Answer, depth: int
    ) -> Generator[Hit, None, tuple[bool, Answer]]:
        """Follow a verdict map, if it has an element for the packet. Return as `_follow`, and how certainly."""
        elements = self.matcher.elements(rule, course.packet)
        if elements is None:
            yield Hit(rule, number + 1, UNKNOWN, "?map")
            return False, sure
        left, level = False, sure
        for element, found in elements:
            answer = min(sure, found)
            hit = Hit(rule, number + 1, answer, element.target)
            if (yield from self._follow(hit, element.to, course, depth)):
                left, level = True, answer
        return left, level

    def _translated(self, hit: Hit, packet: Packet) -> Iterator[Hit]:
        """Take the translation that a map has for the packet."""
        elements = self.matcher.elements(hit.rule, packet)
        if elements is None:
            yield hit._replace(answer=min(hit.answer, UNKNOWN))
            return
        for element, found in elements:
            address, port = element.address or hit.rule.address, element.port or hit.rule.port
            yield hit._replace(answer=min(hit.answer, found), address=address, port=port)

    def _candidates(self, place: Place, packet: Packet) -> list[tuple[int, Rule]]:
        index = self._indexes.get(place)
        if index is None:
            index = self._indexes[place] = ChainIndex(self.ruleset.chains.get(place, ()), self._inside)
        return index.candidates(packet)


def _address(rule: Rule) -> str:
    """The target address of a rule; SEVERAL for one of several addresses."""
    if rule.address and any(c.key == TRANSLATION and c.operator == OPEN for c in rule.conditions):
        return SEVERAL
    return rule.address
