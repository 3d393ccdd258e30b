"""Walk a packet through the chains that translate, of all tables and backends, up to the first that does."""

from collections.abc import Iterator

from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import YES, Destination, Packet
from exporter.core.nat.ruleset import STATE_DNAT, is_dockers
from exporter.core.nat.walk.firewall import OUTPUT, PREROUTING, Entry
from exporter.core.nat.walk.outcome import ACCEPTED, ORDER, Decision
from exporter.core.nat.walk.progress import Progress, decided, downgraded, effect_of, record_uncertain
from exporter.core.nat.walk.walker import NOTRACK, Course

TO_DESTINATION = (PREROUTING, OUTPUT)  # hooks that translate the destination; the others translate the source
PASSED = (ACCEPTED, "", 0)


def translate(group: list[Entry], hook: str, going: Progress) -> None:
    """Walk the chains that translate, up to the first that does."""
    possible: list[Decision] = []
    for place, entry in enumerate(group):
        final = _first(entry, going, possible)
        if final is not None:
            others = [one for one in possible if _way(one) != _way(final)]
            record_uncertain(going, [*others, *_rivals(group[place:], final, going)])
            break
    else:
        record_uncertain(going, [one for one in possible if one.effect != ACCEPTED])
        return
    if final.drops:
        going.dropped = final
    else:
        going.translations.append(final)
        going.packet = _translated(going.packet, final, hook)


def _rivals(group: list[Entry], final: Decision, going: Progress) -> Iterator[Decision]:
    """Yield what the tables behind the first of `group`, which decided, would do if they were registered last.

    No dump shows the order of tables of equal priority. Within one backend the engine, which makes its table and its
    chains at its start, is taken as the older one; between iptables-legacy and nf_tables either may be.
    """
    first, *others = group
    for entry in others:
        two_backends = entry.walker is not first.walker
        if entry.base.priority == first.base.priority and (two_backends or entry.place[:2] != first.place[:2]):
            found: list[Decision] = []
            other = Progress(going.packet, going.left)
            certain = _first(entry, other, found)
            going.left = other.left
            for one in [*found, *([certain] if certain else [])]:
                if (two_backends or not is_dockers(*one.place[1:])) and _way(one) not in (_way(final), PASSED):
                    order = (ORDER,) if two_backends and one.answer == YES else one.limits
                    yield downgraded(one)._replace(limits=order)


def _first(entry: Entry, going: Progress, possible: list[Decision]) -> Decision | None:
    """Return what the chain does for certain with the packet, None if it accepts it as it is."""
    course = Course(entry.entered(going.packet), going.left)
    final = Decision(entry.place, entry.base.policy, YES)
    for hit in entry.walker.hits(entry.place, course):
        if hit.target != NOTRACK:
            decision = decided(entry, hit, course.packet)
            if hit.answer == YES:
                final = decision
                break
            possible.append(decision)
    going.packet, going.left = entry.entered(course.packet), course.left
    return None if final.effect == ACCEPTED else final


def _way(decision: Decision) -> tuple[str, str, int]:
    return effect_of(decision), decision.address, decision.port


def _translated(packet: Packet, decision: Decision, hook: str) -> Packet:
    if hook not in TO_DESTINATION:
        source = number_of(decision.address) if decision.address else packet.src
        return packet._replace(src=source, sport=decision.port or packet.sport)
    to_host = decision.effect == "REDIRECT"
    return packet._replace(
        dst=number_of(decision.address) if decision.address else None if to_host else packet.dst,
        dport=decision.port or packet.dport,
        to_host=to_host or (packet.to_host and not decision.address),
        state=packet.state | STATE_DNAT,
        original=packet.original or Destination(packet.dst, packet.dport, packet.to_host),
    )
