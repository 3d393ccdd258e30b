"""Walk a packet through the chains, as the kernel would: which rule decides, and whether that is certain.

Texts of rules differ with every version of Docker, of iptables and with every option; what they do to a packet is the
same. Chains of thousands of rules are asked through an index by address and port.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.core.nat.chain_index import ChainIndex
from exporter.core.nat.packet import OUTSIDE, Inside, Packet, is_device, wants
from exporter.core.nat.ruleset import (
    FINAL,
    GOTO,
    IIF,
    JUMP,
    MAP,
    OIF,
    PASSING,
    RETURN,
    Place,
    Rule,
    Ruleset,
)

DEEPEST = 64  # chains within chains; the kernel allows 16 for nf_tables
LEADING = (JUMP, GOTO, MAP)

Hit = tuple[Rule, bool]  # a rule that decides, and whether that is certain


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a packet: the effect (a target's name), and the rule; None where the policy decides."""

    effect: str
    rule: Rule | None = None


class Walker:
    """Walks packets through one ruleset."""

    def __init__(self, rules: Ruleset, inside: Inside) -> None:
        self.ruleset = rules
        self._inside = inside
        self._indexes: dict[Place, ChainIndex] = {}

    def hits(self, place: Place, packet: Packet, depth: int = DEEPEST) -> Iterator[Hit]:
        """Return the rules that would decide, in the order in which the packet meets them.

        After one that is certain come those that it would meet if that were not there.
        """
        sure = True  # that no RETURN before took it out of this chain
        for rule in self._candidates(place, packet):
            wanted = wants(rule, packet, self._inside)
            if wanted is False or rule.target in PASSING:
                continue
            certain = sure and wanted is True
            if rule.target == RETURN:
                if certain:
                    return
                sure = False
            elif rule.target in LEADING:
                yield from self._follow(rule, packet, certain=certain, depth=depth)
                if rule.target == GOTO:
                    if certain:
                        return
                    sure = False
            else:
                yield rule, certain and rule.target in FINAL

    def decision(self, place: Place, packet: Packet) -> Decision | None:
        """Return what becomes of the packet in a base chain; None when that cannot be told."""
        possible: list[Decision] = []
        for rule, certain in self.hits(place, packet):
            possible.append(Decision(rule.target, rule))
            if certain:
                break
        else:
            base = self.ruleset.bases.get(place)
            possible.append(Decision(base.policy if base else "ACCEPT"))
        alike = len({_outcome(decision) for decision in possible}) == 1
        return possible[0] if alike and possible[0].effect in FINAL else None

    def _follow(self, rule: Rule, packet: Packet, *, certain: bool, depth: int) -> Iterator[Hit]:
        """Go where a rule leads; nowhere for an interface that its map does not have."""
        if rule.target != MAP:
            ways = [(rule.to, certain)]
        elif (found := self._mapped(rule, packet)) is not None:
            ways = [(chain, certain and sure) for chain, sure in found]
        else:
            yield rule, False
            return
        for chain, taken in ways if depth else ():
            for hit, sure in self.hits((rule.family, rule.table, chain), packet, depth - 1):
                yield hit, taken and sure

    def _mapped(self, rule: Rule, packet: Packet) -> list[tuple[str, bool]] | None:
        """Return the chains of a map that a packet is led to, and whether for certain; None for a map of other things.

        A packet from outside may come by any device that is in the map and not Docker's.
        """
        elements = self.ruleset.maps.get((rule.family, rule.table, rule.to))
        if elements is None or rule.by not in (IIF, OIF):
            return None
        device = packet.iif if rule.by == IIF else packet.oif
        if device != OUTSIDE:
            return [(elements[device], True)] if device in elements else []
        return [(chain, False) for name, chain in elements.items() if is_device(name, OUTSIDE, self._inside) is None]

    def _candidates(self, place: Place, packet: Packet) -> list[Rule]:
        index = self._indexes.get(place)
        if index is None:
            index = self._indexes[place] = ChainIndex(self.ruleset.chains.get(place, ()), self._inside.bridges)
        return index.candidates(packet)


def _outcome(decision: Decision) -> tuple[str, str, int]:
    """To be refused is to be dropped; translations are alike when they lead to the same place."""
    effect = "DROP" if decision.effect == "REJECT" else decision.effect
    return (effect, decision.rule.address, decision.rule.port) if decision.rule else (effect, "", 0)
