"""The base chains of hooks, of every table and backend, in the kernel's order.

Of equal priority the one registered last comes first (net/netfilter/core.c: nf_hook_entries_grow); a ruleset has its
tables in the order in which they were made.
Chains of the type nat are entered together, at one place of their hook, by the first packet of a connection alone; the
first of them that translates decides (net/netfilter/nf_nat_core.c: nf_nat_inet_fn). Of all others each must accept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.core.nat.packet import Inside, Packet
from exporter.core.nat.ruleset import (
    BRIDGE,
    GOTO,
    INET,
    JOINED,
    JUMP,
    NAT,
    NETDEV,
    PASSING,
    RETURN,
    Base,
    Place,
    Ruleset,
)
from exporter.core.nat.walk.outcome import ACCEPTED, Outcome
from exporter.core.nat.walk.walker import Walker

PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING = "prerouting", "input", "forward", "output", "postrouting"
NAT_PRIORITY = {PREROUTING: -100, OUTPUT: -100, INPUT: 100, POSTROUTING: 100}  # linux/netfilter_ipv4.h: NF_IP_PRI_NAT_*
# Hooks of other families that a packet meets in addition to those of its own.
OTHER_FAMILIES = {
    PREROUTING: ((INET, "ingress"), (NETDEV, "ingress"), *((BRIDGE, hook) for hook in (PREROUTING, INPUT, FORWARD))),
    POSTROUTING: ((NETDEV, "egress"), *((BRIDGE, hook) for hook in (OUTPUT, POSTROUTING))),
}
HARMLESS = PASSING | {ACCEPTED, RETURN, JUMP, GOTO}


@dataclass(frozen=True, slots=True)
class Entry:
    """A base chain, with the walker of its ruleset."""

    walker: Walker
    place: Place
    base: Base


class Firewall:
    """All rules of a network namespace at one moment.

    `keys` are those of all conditions and look-ups. `answers` are walks of answers that were made before.
    """

    def __init__(self, rulesets: Sequence[Ruleset], inside: Inside) -> None:
        self.inside = inside
        self.walkers = tuple(Walker(rules, inside) for rules in rulesets)
        self._hooks: dict[tuple[str, str], list[list[Entry]]] = {}
        self._other_families: dict[str, list[Entry]] = {}
        self.keys = frozenset(_keys(rulesets))
        self.answers: dict[tuple[Packet, tuple[str, ...]], Outcome] = {}

    def entries(self, hook: str, family: str) -> list[list[Entry]]:
        """Return the base chains of a hook in their order; those that translate are entered as one."""
        known = self._hooks.get((hook, family))
        if known is None:
            known = self._hooks[hook, family] = list(self._ordered(hook, family))
        return known

    def other_families(self, hook: str) -> list[Entry]:
        """Return base chains of the families netdev and bridge that a packet may meet in addition to a hook's."""
        known = self._other_families.get(hook)
        if known is None:
            wanted = OTHER_FAMILIES.get(hook, ())
            found = [e for e in self._all() if (e.place[0], e.base.hook) in wanted and _may_matter(e)]
            known = self._other_families[hook] = sorted(found, key=lambda entry: entry.base.priority)
        return known

    def _ordered(self, hook: str, family: str) -> Iterator[list[Entry]]:
        found = [e for e in self._all() if e.base.hook == hook and e.place[0] in (family, INET) and _may_matter(e)]
        found.sort(key=lambda entry: entry.base.priority)
        translating = [entry for entry in found if entry.base.kind == NAT]
        position = NAT_PRIORITY.get(hook, 0)
        others = [entry for entry in found if entry.base.kind != NAT]
        yield from ([entry] for entry in others if entry.base.priority <= position)
        if translating:
            yield translating
        yield from ([entry] for entry in others if entry.base.priority > position)

    def _all(self) -> Iterator[Entry]:
        for walker in self.walkers:
            for place, base in reversed(list(walker.ruleset.bases.items())):
                yield Entry(walker, place, base)


def _keys(rulesets: Sequence[Ruleset]) -> Iterator[str]:
    """The keys of all conditions and look-ups."""
    for rules in rulesets:
        for chain in rules.chains.values():
            for rule in chain:
                for condition in rule.conditions:
                    yield from condition.key.split(JOINED)
                yield from rule.by.split(JOINED)


def _may_matter(entry: Entry) -> bool:
    """Whether a chain may do anything but accept."""
    rules = entry.walker.ruleset
    seen, waiting = {entry.place}, [entry.place]
    while waiting:
        for rule in rules.chains.get(waiting.pop(), ()):
            if rule.effects or rule.target not in HARMLESS:
                return True
            inner = rule.family, rule.table, rule.to
            if rule.target in (JUMP, GOTO) and inner not in seen:
                seen.add(inner)
                waiting.append(inner)
    return entry.base.policy != ACCEPTED
