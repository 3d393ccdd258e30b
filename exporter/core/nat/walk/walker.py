"""Walk a packet through the chains of one ruleset, as the kernel would: which rules decide, and how certain that is.

Texts of rules differ with every version of Docker, of iptables and with every option; what they do to a packet is the
same. Chains of thousands of rules are looked up through an index by address and port.
"""

from collections.abc import Generator, Iterator
from typing import NamedTuple

from msgspec import Struct

from exporter.core.nat.packet import UNKNOWN, YES, Answer, Inside, Packet
from exporter.core.nat.ruleset import FINAL, GOTO, JUMP, MAP, PASSING, RETURN, UNTRACKED, Place, Rule, Ruleset
from exporter.core.nat.ruleset import UNKNOWN as OPEN
from exporter.core.nat.walk.chain_index import ChainIndex
from exporter.core.nat.walk.compiled import Holds, matches
from exporter.core.nat.walk.matcher import Matcher
from exporter.core.nat.walk.walks import Fields, fields_of

DEEPEST = 64  # chains within chains; the kernel allows 16 for nf_tables
# Rules that a packet meets: chains that lead to others several times over are met exponentially often, and a container
# may write such.
MAX_RULES = 100_000
CUT = "?depth"  # of a hit: what the packet meets behind it was not walked
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


class Met(NamedTuple):
    """A rule that a packet may meet, its conditions compiled, what it does, and the hit if it matches for certain."""

    rule: Rule
    conditions: tuple[Holds, ...]
    does: int
    hit: Hit


PASSES, DECIDED, RETURNS, MAPS, FOLLOWS = range(5)  # what a rule does


class Course(Struct):
    """The packet while it is walked: rules change its marks. `left` is how many rules it may still meet."""

    packet: Packet
    left: int = MAX_RULES


class Walker:
    """Walks packets through one ruleset."""

    def __init__(self, rules: Ruleset, inside: Inside) -> None:
        self.ruleset = rules
        self.matcher = Matcher(rules, inside)
        self._inside = inside
        self._indexes: dict[Place, tuple[ChainIndex[Met], Fields]] = {}
        self.met: list[Fields] = []  # of each chain that a packet was in: what its rules look at
        self._whole: dict[Place, dict[Packet, tuple[tuple[Hit, ...], list[Fields]]]] = {}

    def hits(self, place: Place, course: Course) -> Iterator[Hit]:
        """Yield the rules that would decide, in the order in which the packet meets them, changing its marks.

        After one that is certain come those that it would meet if that were not there.
        """
        yield from self._hits(place, course, YES, DEEPEST)

    def all_hits(self, place: Place, packet: Packet) -> tuple[Hit, ...]:
        """Return all of them; a later walk of the same packet that comes to the chain takes them from here."""
        course, before = Course(packet), len(self.met)
        found = tuple(self.hits(place, course))
        if course.packet is packet:
            self._whole.setdefault(place, {})[packet] = found, self.met[before:]
        return found

    def _hits(self, place: Place, course: Course, sure: Answer, depth: int) -> Iterator[Hit]:
        """Walk one chain; `sure` is how certain it is that the packet is in it."""
        candidates = self._candidates(place, course.packet)
        course.left -= len(candidates)
        if course.left < 0:
            yield from (met.hit._replace(answer=min(sure, UNKNOWN), target=CUT) for met in candidates[:1])
            return
        for met in candidates:
            rule, conditions, does, sure_hit = met
            changes = rule.effects
            matched = (yield from self._change(met, course, sure)) if changes else matches(conditions, course.packet)
            if not matched:
                continue
            answer = min(sure, matched)
            hit = sure_hit if answer == YES else sure_hit._replace(answer=answer)
            if does == PASSES:
                continue
            if does == DECIDED:
                yield hit
                continue
            left = True
            if does == MAPS:
                left, answer = yield from self._mapped(hit, course, depth)
            elif does == FOLLOWS:
                left = yield from self._follow(hit, rule.to, course, depth)
            if left:
                if answer == YES:
                    return
                sure = answer

    def _change(self, met: Met, course: Course, sure: Answer) -> Generator[Hit, None, Answer]:
        """Match a rule that changes marks, and change them as certainly as the packet is there.

        What a rule that ends connection tracking compares after that does not matter.
        """
        rule = met.rule
        behind = next((effect.behind for effect in rule.effects if effect.key == UNTRACKED), None)
        if behind is not None and (exempt := min(sure, matches(met.conditions[:behind], course.packet))):
            yield met.hit._replace(answer=exempt, target=NOTRACK, address="", port=0)
        matched, course.packet = self.matcher.applied(rule, course.packet, sure)
        return matched

    def _follow(self, hit: Hit, to: str, course: Course, depth: int) -> Generator[Hit, None, bool]:
        """Take what a rule or an element does; return whether the packet leaves the chain by it without a verdict."""
        rule = hit.rule
        if hit.target in LEADING:
            if depth:
                yield from self._enter((rule.family, rule.table, to), course, hit.answer, depth - 1)
            else:
                yield hit._replace(answer=min(hit.answer, UNKNOWN), target=CUT)
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

    def _enter(self, place: Place, course: Course, sure: Answer, depth: int) -> Iterator[Hit]:
        """Walk a chain from another one, unless its hits are known."""
        known = self._whole[place].get(course.packet) if sure == YES and place in self._whole else None
        if known is None:
            yield from self._hits(place, course, sure, depth)
        else:
            self.met += known[1]
            yield from known[0]

    def _mapped(self, hit: Hit, course: Course, depth: int) -> Generator[Hit, None, tuple[bool, Answer]]:
        """Follow a verdict map, if it has an element for the packet. Return as `_follow`, and how certainly."""
        elements = self.matcher.elements(hit.rule, course.packet)
        if elements is None:
            yield hit._replace(answer=UNKNOWN, target="?map")
            return False, hit.answer
        left, level = False, hit.answer
        for element, found in elements:
            answer = min(hit.answer, found)
            if (yield from self._follow(hit._replace(answer=answer, target=element.target), element.to, course, depth)):
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

    def _candidates(self, place: Place, packet: Packet) -> list[Met]:
        known = self._indexes.get(place)
        if known is None:
            rules = self.ruleset.chains.get(place, ())
            known = self._indexes[place] = ChainIndex(rules, self._inside, self._prepare), fields_of(rules)
        self.met.append(known[1])
        return known[0].candidates(packet)

    def _prepare(self, place: int, rule: Rule) -> Met:
        does = _does(rule)
        address, port = (_address(rule), rule.port) if does == DECIDED else ("", 0)
        return Met(rule, self.matcher.conditions(rule), does, Hit(rule, place + 1, YES, rule.target, address, port))


def _does(rule: Rule) -> int:
    if rule.target in PASSING:
        return PASSES
    if rule.target in DECIDES and not rule.by:
        return DECIDED
    return {RETURN: RETURNS, MAP: MAPS}.get(rule.target, FOLLOWS)


def _address(rule: Rule) -> str:
    """The target address of a rule; SEVERAL for one of several addresses."""
    if rule.address and any(c.key == TRANSLATION and c.operator == OPEN for c in rule.conditions):
        return SEVERAL
    return rule.address
