"""Walk a packet through the chains, as the kernel would: which rule decides, and whether that is certain.

Texts of rules differ with every version of Docker, of iptables and with every option; what they do to a packet is the
same. Chains of thousands of rules are asked through an index by address and port.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.core.nat.packet import Inside, Packet, wants
from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    FINAL,
    GOTO,
    IIF,
    JUMP,
    MAP,
    OIF,
    PASSING,
    PROTOCOL,
    RETURN,
    Place,
    Rule,
    Ruleset,
)

DEEPEST = 64  # chains within chains; the kernel allows 16 for nf_tables
LEADING = (JUMP, GOTO, MAP)
FULL_MASKS = frozenset({(1 << 32) - 1, (1 << 128) - 1})

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
        self._indexes: dict[Place, _Index] = {}

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
                if rule.target == GOTO and certain:
                    return
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
        place: Place | None = (rule.family, rule.table, rule.to)
        if rule.target == MAP:
            elements = self.ruleset.maps.get((rule.family, rule.table, rule.to))
            if elements is None or rule.by not in (IIF, OIF):
                yield rule, False
                return
            chain = elements.get(packet.iif if rule.by == IIF else packet.oif)
            place = (rule.family, rule.table, chain) if chain else None
        if place is not None and depth:
            for hit, sure in self.hits(place, packet, depth - 1):
                yield hit, certain and sure

    def _candidates(self, place: Place, packet: Packet) -> list[Rule]:
        index = self._indexes.get(place)
        if index is None:
            index = self._indexes[place] = _Index(self.ruleset.chains.get(place, ()))
        return index.candidates(packet)


def _outcome(decision: Decision) -> tuple[str, str, int]:
    """To be refused is to be dropped; translations are alike when they lead to the same place."""
    effect = "DROP" if decision.effect == "REJECT" else decision.effect
    return (effect, decision.rule.address, decision.rule.port) if decision.rule else (effect, "", 0)


class _Index:
    """The rules of a chain by the one address, or the one port, that each wants; the others are met by all."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._keyed: dict[tuple[object, ...], list[int]] = {}
        self._others: list[int] = []
        for number, rule in enumerate(rules):
            key = _key(rule)
            (self._others if key is None else self._keyed.setdefault(key, [])).append(number)

    def candidates(self, packet: Packet) -> list[Rule]:
        found = self._keyed.get((PROTOCOL, packet.protocol, packet.dport), [])
        if packet.dst is not None:
            found = found + self._keyed.get((DST, packet.dst), [])
        if not found:
            return [self._rules[number] for number in self._others]
        return [self._rules[number] for number in sorted(self._others + found)]


def _key(rule: Rule) -> tuple[object, ...] | None:
    destination = rule.value(DST)
    if destination is not None and destination[1] in FULL_MASKS:
        return DST, destination[0]
    ports, protocol = rule.value(DPORT), rule.value(PROTOCOL)
    if ports is not None and protocol is not None and ports[0] == ports[1]:
        return PROTOCOL, protocol, ports[0]
    return None
