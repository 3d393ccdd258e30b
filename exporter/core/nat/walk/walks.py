"""Walks that were made before: a walk depends on nothing but what the rules of the chains on its way look at.

Two packets that agree in all of that meet the same rules with the same answers, so the second one needs no walk. Of
thousands of published ports, answers and packets of established connections differ in nothing that a rule looks at.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from exporter.core.nat.packet import Packet, parts_of
from exporter.core.nat.ruleset import (
    BRIDGED,
    CT_MARK,
    DIRECTION,
    DPORT,
    DST,
    DST_TYPE,
    EITHER_PORT,
    FAMILY,
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    JOINED,
    MARK,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PACKET_TYPE,
    PROTOCOL,
    REVERSE_PATH,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    TCP_FLAGS,
    Rule,
)
from exporter.core.nat.walk.outcome import Outcome

FIRST_DESTINATION = ("original", "dst", "dport", "to_host")
# The fields of a packet that a condition looks at; one of a key that is not here has the same answer for all packets.
FIELDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((IIF, IIF_INDEX, IIF_GROUP, REVERSE_PATH), ("iif",)),
    **dict.fromkeys((OIF, OIF_INDEX, OIF_GROUP), ("oif",)),
    **dict.fromkeys((SRC, SRC_TYPE), ("src", "from_host")),
    **dict.fromkeys((DST, DST_TYPE), ("dst", "to_host")),
    **dict.fromkeys((ORIGINAL_DST, ORIGINAL_DPORT), FIRST_DESTINATION),
    BRIDGED: ("iif", "oif"),
    SPORT: ("sport",),
    DPORT: ("dport",),
    EITHER_PORT: ("sport", "dport"),
    PROTOCOL: ("protocol",),
    TCP_FLAGS: ("protocol", "reply"),
    DIRECTION: ("reply",),
    MARK: ("mark",),
    CT_MARK: ("ct_mark",),
    **dict.fromkeys((FAMILY, STATE, PACKET_TYPE), ()),  # those of ALWAYS are added to every walk
}
ALWAYS = frozenset({"family", "state"})  # which chains there are, and which of them are entered
Fields = frozenset[str]
Choose = Callable[[Packet], Any]


def fields_of(rules: Iterable[Rule]) -> Fields:
    """Return the fields of a packet that any of the rules looks at."""
    rules = tuple(rules)
    joined = {condition.key for rule in rules for condition in rule.conditions} | {rule.by for rule in rules}
    found = {field for keys in joined for key in keys.split(JOINED) for field in FIELDS.get(key, ())}
    marks = ("mark", "ct_mark") if any(rule.effects for rule in rules) else ()
    return frozenset(found.union(marks))


class Walks:
    """Outcomes of packets that left as they came, by the fields that decided and their values."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], dict[Fields, tuple[Choose, dict[Any, Outcome]]]] = {}

    def find(self, packet: Packet, hooks: tuple[str, ...]) -> Outcome | None:
        """Return the outcome for a packet like one that was walked before."""
        for choose, outcomes in self._known.get(hooks, {}).values():
            outcome = outcomes.get(choose(packet))
            if outcome is not None:
                return outcome if outcome.packet is packet else outcome._replace(packet=packet)
        return None

    def keep(self, packet: Packet, hooks: tuple[str, ...], outcome: Outcome, met: Iterable[Fields]) -> None:
        """Take the outcome of a walk on which chains with these fields were met."""
        if outcome.packet != packet or any(one.address or one.port for one in outcome.translations):
            return
        fields = ALWAYS.union(*met)
        by_fields = self._known.setdefault(hooks, {})
        known = by_fields.get(fields)
        if known is None:
            known = by_fields[fields] = parts_of(*fields), {}
        known[1][known[0](packet)] = outcome
