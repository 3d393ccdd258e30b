"""Docker's rules: those in its chains, those that lead to them, and those about its bridges.

Rules are compared by value, so a ruleset that is written again as it was changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from exporter.core.history.change import RULES_ADDED, RULES_REMOVED, Change, joined
from exporter.core.model.docker import Inventory
from exporter.core.nat.reading import NatReading
from exporter.core.nat.ruleset import EQUAL, IIF, OIF, UNEQUAL, Place, Rule, Ruleset, is_dockers

Chains: TypeAlias = Mapping[Place, tuple[Rule, ...]]
NO_CHAINS: Chains = {}
SUBJECT = "netfilter"


class RuleChanges:
    """Compares the rulesets of both backends from one reading to the next. Not thread-safe."""

    def __init__(self) -> None:
        self._last: tuple[Ruleset | None, Ruleset | None] | None = None
        self._bridges: frozenset[str] = frozenset()
        self._total = 0

    def update(self, reading: NatReading | None, inventory: Inventory) -> Iterator[Change]:
        """Yield the rules that went and those that came, each as one entry; None is what could not be read."""
        if reading is None:
            return
        last, now = self._last, (reading.nft, reading.legacy)
        if last is not None and last[0] is now[0] and last[1] is now[1]:
            return
        bridges = frozenset(network.bridge for network in inventory.networks.values() if network.bridge)
        about, self._bridges, self._last = bridges | self._bridges, bridges, now
        before, self._total = self._total, sum(_count(rules, about) for rules in now)
        if last is None:
            return
        went: Counter[Place] = Counter()
        came: Counter[Place] = Counter()
        for then, present in zip(last, now, strict=True):
            _compare(then, present, about, went, came)
        by = joined(reading.writers)
        for kind, counts in ((RULES_REMOVED, went), (RULES_ADDED, came)):
            if counts:
                yield Change(kind, SUBJECT, f"{before} rules", f"{self._total} rules", by=by, detail=_written(counts))


def _compare(
    then: Ruleset | None, now: Ruleset | None, bridges: frozenset[str], went: Counter[Place], came: Counter[Place]
) -> None:
    if then is now:
        return
    old, new = (rules.chains if rules else NO_CHAINS for rules in (then, now))
    for place in old.keys() | new.keys():
        rules = old.get(place, ()), new.get(place, ())
        if rules[0] == rules[1]:
            continue
        first, second = (Counter(rule for rule in side if _of_docker(rule, bridges)) for side in rules)
        if lost := (first - second).total():
            went[place] += lost
        if gained := (second - first).total():
            came[place] += gained


def _count(rules: Ruleset | None, bridges: frozenset[str]) -> int:
    chains = rules.chains.values() if rules else ()
    return sum(_of_docker(rule, bridges) for chain in chains for rule in chain)


def _of_docker(rule: Rule, bridges: frozenset[str]) -> bool:
    if is_dockers(rule.table, rule.chain) or rule.to.startswith("DOCKER"):
        return True
    return any(rule.value(key, operator) in bridges for key in (IIF, OIF) for operator in (EQUAL, UNEQUAL))


def _written(counts: Counter[Place]) -> str:
    return joined([f"{' '.join(place)}: {count}" for place, count in sorted(counts.items())])
