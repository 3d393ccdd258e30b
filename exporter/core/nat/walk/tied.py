"""Base chains of two backends at one priority: whether what they do to marks depends on which was registered last."""

from collections.abc import Iterator

from exporter.core.nat.ruleset import CT_MARK, GOTO, JOINED, JUMP, MAP, MARK, UNTRACKED, Place, Rule, Ruleset

MARKS = frozenset({MARK, CT_MARK})


def leads_to(rules: Ruleset, place: Place) -> set[Place]:
    """Return the chains that the rules of a chain jump or go to."""
    found = rules.chains.get(place, ())
    return {(rule.family, rule.table, rule.to) for rule in found if rule.target in (JUMP, GOTO)}


def depend_on_order(one: tuple[Ruleset, Place], other: tuple[Ruleset, Place]) -> bool:
    """Whether rules of one base chain change a mark that rules of the other one compare or change."""
    both = [list(_rules(*where)) for where in (one, other)]
    for first, second in (both, both[::-1]):
        if any(map(_writes, first)) and any(_writes(rule) or _reads(rule) for rule in second):
            return True
    return False


def _rules(rules: Ruleset, place: Place) -> Iterator[Rule]:
    """Yield the rules of a chain and of those that it jumps to; with a map, those of all chains of the table."""
    waiting, seen = [place], {place}
    while waiting:
        at = waiting.pop()
        found = rules.chains.get(at, ())
        yield from found
        inner = leads_to(rules, at)
        if any(rule.target == MAP for rule in found):
            inner |= {to for to in rules.chains if to[:2] == at[:2]}
        waiting += inner - seen
        seen |= inner


def _writes(rule: Rule) -> bool:
    return any(effect.key != UNTRACKED for effect in rule.effects)


def _reads(rule: Rule) -> bool:
    keys = [*(condition.key for condition in rule.conditions), rule.by]
    return any(not MARKS.isdisjoint(key.split(JOINED)) for key in keys)
