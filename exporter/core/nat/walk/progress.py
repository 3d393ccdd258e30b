"""What happened to a packet so far, while it is walked through the base chains of hooks."""

from msgspec import Struct, field

from exporter.core.nat.packet import SOME, UNKNOWN, YES, Packet
from exporter.core.nat.walk.firewall import Entry
from exporter.core.nat.walk.outcome import DROPPED, Decision
from exporter.core.nat.walk.walker import MAX_RULES, Hit


class Progress(Struct):
    """What happened so far; `left` is how many rules the packet may still meet."""

    packet: Packet
    left: int = MAX_RULES
    translations: list[Decision] = field(default_factory=list)
    untracked: Decision | None = None
    accepted: list[Decision] = field(default_factory=list)
    undetermined: list[Decision] = field(default_factory=list)
    partial: list[Decision] = field(default_factory=list)
    dropped: Decision | None = None


def record_uncertain(going: Progress, decisions: list[Decision]) -> None:
    """Record decisions that may change the outcome, and those that change it for some clients."""
    going.undetermined += [decision for decision in decisions if decision.answer <= UNKNOWN]
    going.partial += [decision for decision in decisions if decision.answer == SOME]


def effect_of(decision: Decision) -> str:
    """To be rejected is to be dropped."""
    return DROPPED if decision.drops else decision.effect


def downgraded(decision: Decision) -> Decision:
    """The decision, at most as one of which it is unknown whether it comes about."""
    return decision._replace(answer=min(decision.answer, UNKNOWN))


def decided(entry: Entry, hit: Hit, packet: Packet) -> Decision:
    """What a rule of a base chain does with the packet that met it."""
    limits = () if hit.answer == YES else entry.walker.matcher.limits(hit.rule, packet)
    return Decision(entry.place, hit.target, hit.answer, hit.rule, hit.number, hit.address, hit.port, limits)
