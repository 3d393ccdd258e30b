"""Walk a packet through the base chains of hooks, up to where it is dropped for certain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import SOME, UNKNOWN, YES, Destination, Packet
from exporter.core.nat.ruleset import NAT, STATE_DNAT, STATE_INVALID, STATE_NEW, is_dockers
from exporter.core.nat.walk.firewall import OUTPUT, PREROUTING, Entry, Firewall
from exporter.core.nat.walk.outcome import ACCEPTED, DROPPED, UNDECIDED, Decision, Outcome, is_unknown
from exporter.core.nat.walk.walker import NOTRACK, Course, Hit

TO_DESTINATION = (PREROUTING, OUTPUT)  # hooks that translate the destination; the others translate the source
CONNTRACK_PRIORITY = -200
TRANSLATES = frozenset({"DNAT", "SNAT", "MASQUERADE", "REDIRECT"})


@dataclass(slots=True)
class _Walk:
    """What happened so far."""

    packet: Packet
    translations: list[Decision] = field(default_factory=list)
    untracked: Decision | None = None
    accepted: list[Decision] = field(default_factory=list)
    undetermined: list[Decision] = field(default_factory=list)
    partial: list[Decision] = field(default_factory=list)
    dropped: Decision | None = None


def walk(firewall: Firewall, packet: Packet, hooks: Sequence[str]) -> Outcome:
    """Walk a packet through hooks, up to where it is dropped for certain."""
    going = _Walk(packet)
    for hook in hooks:
        _foreign(firewall, hook, going)
        for group in firewall.entries(hook, packet.family):
            if group[0].base.kind != NAT:
                _filter(group[0], going)
            elif going.packet.state & STATE_NEW:
                _translate(group, hook, going)
            if going.dropped is not None:
                return _outcome(going)
    return _outcome(going)


def _outcome(going: _Walk) -> Outcome:
    """What drops for certain does so whatever else may drop; not what may have been sent elsewhere before."""
    undetermined, partial = going.undetermined, going.partial
    elsewhere = [one for one in undetermined if one.effect in TRANSLATES or one.effect == NOTRACK]
    if going.dropped is not None and not elsewhere:
        undetermined, partial = [], [one for one in partial if not one.drops]
    verdict = UNDECIDED if undetermined else going.dropped.effect if going.dropped else ACCEPTED
    return Outcome(
        verdict=verdict,
        packet=going.packet,
        decision=going.dropped,
        translations=tuple(going.translations),
        untracked=going.untracked,
        accepted=tuple(going.accepted),
        doubts=tuple(undetermined),
        partial=tuple(partial),
    )


def _filter(entry: Entry, going: _Walk) -> None:
    """Walk one base chain that accepts or drops."""
    course = Course(_seen(entry, going.packet))
    possible: list[Decision] = []
    final = None
    for hit in entry.walker.hits(entry.place, course):
        decision = _decision(entry, hit, course.packet)
        if hit.target == NOTRACK:
            if hit.answer == YES:
                going.untracked = decision
            else:
                _record_uncertain(going, [decision])
        elif hit.answer == YES:
            final = decision
            break
        else:
            possible.append(decision)
    final = final or Decision(entry.place, entry.base.policy, YES)
    going.packet = _left(entry, going.packet, course.packet)
    others = [decision for decision in possible if _effect(decision) != _effect(final)]
    _record_uncertain(going, others)
    if final.drops and not any(map(is_unknown, others)):
        going.dropped = final
    elif final.drops:
        going.undetermined.append(final)
    elif final.rule is not None:
        going.accepted.append(final)


def _is_early(entry: Entry) -> bool:
    """Whether it is entered before connection tracking (linux/netfilter_ipv4.h: NF_IP_PRI_CONNTRACK)."""
    return entry.base.hook in TO_DESTINATION and entry.base.priority < CONNTRACK_PRIORITY


def _seen(entry: Entry, packet: Packet) -> Packet:
    """The packet as a chain sees it: one without a connection has the state invalid (net/netfilter/nft_ct.c)."""
    return packet._replace(state=STATE_INVALID) if _is_early(entry) else packet


def _left(entry: Entry, before: Packet, packet: Packet) -> Packet:
    """The packet behind a chain; before connection tracking there is no mark of a connection to set."""
    if not _is_early(entry):
        return packet
    state = before.state if packet.state == STATE_INVALID else packet.state
    return packet._replace(state=state, ct_mark=before.ct_mark)


def _effect(decision: Decision) -> str:
    """To be rejected is to be dropped."""
    return DROPPED if decision.drops else decision.effect


def _translate(group: list[Entry], hook: str, going: _Walk) -> None:
    """Walk the chains that translate, up to the first that does."""
    possible: list[Decision] = []
    final = None
    for entry in group:
        final = _first(entry, going, possible)
        if final is not None:
            break
    others = [decision for decision in possible if final is None or _way(decision) != _way(final)]
    if final is None:
        others = [decision for decision in possible if decision.effect != ACCEPTED]
    _record_uncertain(going, others if final is None else [*others, *_rivals(group, final, going)])
    if final is not None and final.drops:
        going.dropped = final
    elif final is not None:
        going.translations.append(final)
        going.packet = _translated(going.packet, final, hook)


def _rivals(group: list[Entry], final: Decision, going: _Walk) -> Iterator[Decision]:
    """Yield what an older table of equal priority would do: its chain may have been registered last all the same.

    An engine makes its table and its chains at its start.
    """
    places = [entry.place for entry in group]
    at = places.index(final.base)
    for entry in group[at + 1 :]:
        if entry.base.priority == group[at].base.priority and entry.place[:2] != final.base[:2]:
            found = _first(entry, _Walk(going.packet), [])
            if found is not None and not is_dockers(*found.place[1:]) and _way(found) != _way(final):
                yield _downgraded(found)


def _first(entry: Entry, going: _Walk, possible: list[Decision]) -> Decision | None:
    """Return what the chain does for certain with the packet, None if it accepts it as it is."""
    course = Course(going.packet)
    for hit in entry.walker.hits(entry.place, course):
        if hit.target != NOTRACK:
            decision = _decision(entry, hit, course.packet)
            if hit.answer != YES:
                possible.append(decision)
            else:
                going.packet = course.packet
                return None if decision.effect == ACCEPTED else decision
    going.packet = course.packet
    return None if entry.base.policy == ACCEPTED else Decision(entry.place, entry.base.policy, YES)


def _way(decision: Decision) -> tuple[str, str, int]:
    return _effect(decision), decision.address, decision.port


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


def _foreign(firewall: Firewall, hook: str, going: _Walk) -> None:
    """Chains of netdev and bridge see other devices and other headers: whether they drop a packet is unknown."""
    for entry in firewall.other_families(hook):
        course, accepted = Course(going.packet), False
        for hit in entry.walker.hits(entry.place, course):
            decision = _decision(entry, hit, going.packet)
            if hit.target not in (ACCEPTED, NOTRACK):
                _record_uncertain(going, [_downgraded(decision)])
            if hit.answer == YES:
                accepted = True
                break
        if not accepted and entry.base.policy != ACCEPTED:
            going.undetermined.append(Decision(entry.place, entry.base.policy, UNKNOWN))


def _downgraded(decision: Decision) -> Decision:
    return replace(decision, answer=min(decision.answer, UNKNOWN))


def _record_uncertain(going: _Walk, decisions: list[Decision]) -> None:
    going.undetermined += [decision for decision in decisions if decision.answer <= UNKNOWN]
    going.partial += [decision for decision in decisions if decision.answer == SOME]


def _decision(entry: Entry, hit: Hit, packet: Packet) -> Decision:
    limits = () if hit.answer == YES else entry.walker.matcher.limits(hit.rule, packet)
    return Decision(entry.place, hit.target, hit.answer, hit.rule, hit.number, hit.address, hit.port, limits)
