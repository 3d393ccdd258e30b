"""Conditions as functions of a packet, and functions that are made of them."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TypeAlias

from exporter.core.nat.packet import NO, UNKNOWN, YES, Answer, Packet
from exporter.core.nat.ruleset import (
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    STATE_INVALID,
    STATE_UNTRACKED,
)

# The packet's device that a condition is about, and nothing else of the packet.
DEVICE_OF: Mapping[str, Callable[[Packet], str]] = {
    **dict.fromkeys((IIF, IIF_INDEX, IIF_GROUP), attrgetter("iif")),
    **dict.fromkeys((OIF, OIF_INDEX, OIF_GROUP), attrgetter("oif")),
}
WITHOUT_CONNECTION = STATE_INVALID | STATE_UNTRACKED
OPPOSITE = {NO: YES, YES: NO}
Holds: TypeAlias = Callable[[Packet], Answer]


def matches(conditions: tuple[Holds, ...], packet: Packet) -> Answer:
    """Whether all conditions hold; what one of them denies is denied whatever the others are."""
    answer = YES
    for holds in conditions:
        found = holds(packet)
        if found < answer:
            if not found:
                return NO
            answer = found
    return answer


def unknown(_: Packet) -> Answer:
    """Of a condition that is not decoded."""
    return UNKNOWN


def connected(holds: Holds) -> Holds:
    """Without a connection a condition on it does not hold, whether negated or not."""
    return lambda packet: NO if packet.state & WITHOUT_CONNECTION else holds(packet)


def by_device(device_of: Callable[[Packet], str], holds: Holds) -> Holds:
    """Ask once for each device."""
    answers: dict[str, Answer] = {}

    def known(packet: Packet) -> Answer:
        device = device_of(packet)
        answer = answers.get(device)
        if answer is None:
            answer = answers[device] = holds(packet)
        return answer

    return known


def opposite_of(holds: Holds) -> Holds:
    """Negate it."""

    def opposite(packet: Packet) -> Answer:
        answer = holds(packet)
        return OPPOSITE.get(answer, answer)

    return opposite
