"""What rules do to the marks of a packet and of its connection, and to its tracking."""

from collections.abc import Iterable

from exporter.core.nat.packet import UNKNOWN, YES, Answer, Mark, Packet
from exporter.core.nat.ruleset import CT_MARK, MARK, STATE_UNTRACKED, UNTRACKED, Effect

MOST_VALUES = 16
ALL_BITS = 0xFFFFFFFF
ANY = Mark((), UNKNOWN)


def changed(packet: Packet, effects: Iterable[Effect], answer: Answer) -> Packet:
    """Return the packet behind a rule that matches so certainly; where that is open, the old values stay possible."""
    for effect in effects:
        if effect.key == UNTRACKED:
            if answer == YES:
                packet = packet.untracked(STATE_UNTRACKED)
        elif effect.key == MARK:
            packet = packet._replace(mark=_applied(effect, packet.mark, packet.ct_mark, answer))
        elif effect.key == CT_MARK:
            packet = packet._replace(ct_mark=_applied(effect, packet.ct_mark, packet.mark, answer))
    return packet


def _applied(effect: Effect, own: Mark, other: Mark, answer: Answer) -> Mark:
    if effect.xor is None or (effect.keep and not own.values) or (effect.take and not other.values):
        return ANY
    owns = own.values if effect.keep else (0,)
    others = other.values if effect.take else (0,)
    values = {((o & effect.keep) ^ (t & effect.take) ^ effect.xor) & ALL_BITS for o in owns for t in others}
    certainty = answer
    if effect.keep or answer != YES:
        certainty = min(certainty, own.certainty)
    if effect.take:
        certainty = min(certainty, other.certainty)
    if answer != YES:
        if not own.values:
            return ANY
        values |= set(own.values)
    return Mark(tuple(sorted(values)), certainty) if len(values) <= MOST_VALUES else ANY


def joined(packet: Packet, other: Packet) -> Packet:
    """Return the packet with what it or the other one has as marks: which one applies is unknown."""
    return packet._replace(mark=_either(packet.mark, other.mark), ct_mark=_either(packet.ct_mark, other.ct_mark))


def _either(own: Mark, other: Mark) -> Mark:
    if own == other:
        return own
    values = {*own.values, *other.values}
    return Mark(tuple(sorted(values)), UNKNOWN) if own.values and other.values and len(values) <= MOST_VALUES else ANY
