"""The base chains of hooks, of every table and backend, in the kernel's order.

Of equal priority the one registered last comes first (net/netfilter/core.c: nf_hook_entries_grow); a ruleset has its
tables in the order in which they were made.
Chains of the type nat are entered together, at one place of their hook, by the first packet of a connection alone; the
first of them that translates decides (net/netfilter/nf_nat_core.c: nf_nat_inet_fn). Of all others each must accept.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.nat.packet import Inside, Packet
from exporter.core.nat.ruleset import (
    ARP,
    BRIDGE,
    GOTO,
    INET,
    JUMP,
    NAT,
    NETDEV,
    PASSING,
    RETURN,
    Base,
    Place,
    Ruleset,
)
from exporter.core.nat.walk.marks import ANY
from exporter.core.nat.walk.outcome import ACCEPTED
from exporter.core.nat.walk.tied import depend_on_order, leads_to
from exporter.core.nat.walk.walker import Walker
from exporter.core.nat.walk.walks import Walks

PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING = "prerouting", "input", "forward", "output", "postrouting"
NAT_PRIORITY = {PREROUTING: -100, OUTPUT: -100, INPUT: 100, POSTROUTING: 100}  # linux/netfilter_ipv4.h: NF_IP_PRI_NAT_*
# Hooks of other families that a packet meets in addition to those of its own.
OTHER_FAMILIES = {
    PREROUTING: ((INET, "ingress"), (NETDEV, "ingress"), *((BRIDGE, hook) for hook in (PREROUTING, INPUT, FORWARD))),
    POSTROUTING: ((NETDEV, "egress"), *((BRIDGE, hook) for hook in (OUTPUT, POSTROUTING))),
}
HARMLESS = PASSING | {ACCEPTED, RETURN, JUMP, GOTO}


class Entry(Struct, frozen=True):
    """A base chain, with the walker of its ruleset.

    `marks_open`: one of the other backend at its priority makes the marks that it compares or leaves unknown.
    """

    walker: Walker
    place: Place
    base: Base
    marks_open: bool = False

    def entered(self, packet: Packet) -> Packet:
        """The packet as the chain gets it, or leaves it, whichever of two backends was registered last."""
        return packet._replace(mark=ANY, ct_mark=ANY) if self.marks_open else packet


class Firewall:
    """All rules of a network namespace at one moment, and the walks that were made through them."""

    def __init__(self, rulesets: Sequence[Ruleset], inside: Inside) -> None:
        self.inside = inside
        self._matter: dict[tuple[int, Place], bool] = {}  # by ruleset and chain
        self.walkers = tuple(Walker(rules, inside) for rules in rulesets)
        self._hooks: dict[tuple[str, str], list[list[Entry]]] = {}
        self._other_families: dict[str, list[Entry]] = {}
        self.walks = Walks()

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
            found = [e for e in self._all() if (e.place[0], e.base.hook) in wanted and self._may_matter(e)]
            known = self._other_families[hook] = sorted(found, key=lambda entry: entry.base.priority)
        return known

    def _ordered(self, hook: str, family: str) -> Iterator[list[Entry]]:
        families = (family,) if family == ARP else (family, INET)
        found = [e for e in self._all() if e.base.hook == hook and e.place[0] in families and self._may_matter(e)]
        found = [replace(entry, marks_open=_is_tied(entry, found)) for entry in found]
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

    def _may_matter(self, entry: Entry) -> bool:
        """Whether a chain may do anything but accept. Each chain is looked at once, however many lead to it."""
        rules, matter = entry.walker.ruleset, self._matter
        waiting = [entry.place]
        while waiting:
            key = id(rules), waiting[-1]
            if key not in matter:
                matter[key] = any(rule.effects or rule.target not in HARMLESS for rule in rules.chains.get(key[1], ()))
                if not matter[key]:
                    inner = leads_to(rules, key[1])
                    waiting += [place for place in inner if (id(rules), place) not in matter]
                    continue
            matter[key] = matter[key] or any(matter.get((id(rules), place)) for place in leads_to(rules, key[1]))
            waiting.pop()
        return matter[id(rules), entry.place] or entry.base.policy != ACCEPTED


def _is_tied(entry: Entry, others: list[Entry]) -> bool:
    rivals = (one for one in others if one.walker is not entry.walker and one.base.priority == entry.base.priority)
    ruleset = entry.walker.ruleset
    return any(depend_on_order((ruleset, entry.place), (one.walker.ruleset, one.place)) for one in rivals)
