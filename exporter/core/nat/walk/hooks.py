"""Walk a packet through the base chains of hooks, up to where it is dropped for certain."""

from exporter.core.nat.packet import UNKNOWN, YES, Packet
from exporter.core.nat.ruleset import NAT, STATE_INVALID, STATE_NEW
from exporter.core.nat.walk.firewall import POSTROUTING, Entry, Firewall
from exporter.core.nat.walk.leaving import LOOKED_AT, leaves, leaving
from exporter.core.nat.walk.marks import joined
from exporter.core.nat.walk.outcome import ACCEPTED, UNDECIDED, Decision, Outcome, is_unknown
from exporter.core.nat.walk.progress import Progress, decided, downgraded, effect_of, record_uncertain
from exporter.core.nat.walk.translation import TO_DESTINATION, translate
from exporter.core.nat.walk.walker import NOTRACK, Course

CONNTRACK_PRIORITY = -200
TRANSLATES = frozenset({"DNAT", "SNAT", "MASQUERADE", "REDIRECT"})


def walk(firewall: Firewall, packet: Packet, hooks: tuple[str, ...]) -> Outcome:
    """Walk a packet through hooks, up to where it is dropped for certain."""
    known = firewall.walks.find(packet, hooks)
    if known is None:
        for walker in firewall.walkers:
            walker.met.clear()
        known = _walked(firewall, packet, hooks)
        met = (fields for walker in firewall.walkers for fields in walker.met)
        firewall.walks.keep(packet, hooks, known, met)
    return known


def _walked(firewall: Firewall, packet: Packet, hooks: tuple[str, ...]) -> Outcome:
    going = Progress(packet)
    for hook in hooks:
        if hook != POSTROUTING:
            _foreign(firewall, hook, going)
        for group in firewall.entries(hook, packet.family):
            if group[0].base.kind != NAT:
                _filter(group[0], going)
            elif going.packet.state & STATE_NEW:
                translate(group, hook, going)
            if going.dropped is not None:
                return _outcome(going)
        if hook == POSTROUTING:
            _foreign(firewall, hook, going)
    return _outcome(going)


def _outcome(going: Progress) -> Outcome:
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
        unclear=tuple(undetermined),
        partial=tuple(partial),
    )


def _filter(entry: Entry, going: Progress) -> None:
    """Walk one base chain that accepts or drops."""
    course = Course(_seen(entry, entry.entered(going.packet), going.translations), going.left)
    possible: list[Decision] = []
    final = None
    for hit in entry.walker.hits(entry.place, course):
        decision = decided(entry, hit, course.packet)
        if hit.target == NOTRACK:
            if hit.answer == YES:
                going.untracked = decision
            else:
                record_uncertain(going, [decision])
        elif hit.answer == YES:
            final = decision
            break
        else:
            possible.append(decision)
    going.left = course.left
    final = final or Decision(entry.place, entry.base.policy, YES)
    going.packet = _left(entry, going.packet, entry.entered(course.packet))
    others = [decision for decision in possible if effect_of(decision) != effect_of(final)]
    record_uncertain(going, others)
    if final.drops and not any(map(is_unknown, others)):
        going.dropped = final
    elif final.drops:
        going.undetermined.append(final)
    elif final.rule is not None:
        going.accepted.append(final)


def _is_early(entry: Entry) -> bool:
    """Whether it is entered before connection tracking (linux/netfilter_ipv4.h: NF_IP_PRI_CONNTRACK)."""
    return entry.base.hook in TO_DESTINATION and entry.base.priority < CONNTRACK_PRIORITY


def _seen(entry: Entry, packet: Packet, translations: list[Decision]) -> Packet:
    """The packet as a chain sees it: one without a connection has the state invalid (net/netfilter/nft_ct.c)."""
    if leaves(entry):
        entry.walker.met.append(LOOKED_AT)
        return leaving(packet, translations)
    return packet.untracked(STATE_INVALID) if _is_early(entry) else packet


def _left(entry: Entry, before: Packet, packet: Packet) -> Packet:
    """The packet behind a chain; before connection tracking there is no mark of a connection to set."""
    if leaves(entry):
        return packet._replace(src=before.src, sport=before.sport, from_host=before.from_host)
    if not _is_early(entry):
        return packet
    state = before.state if packet.state & STATE_INVALID else packet.state
    return packet._replace(state=state, ct_mark=before.ct_mark)


def _foreign(firewall: Firewall, hook: str, going: Progress) -> None:
    """Chains of netdev and bridge see other devices and other headers: it is unknown whether they drop or mark it."""
    for entry in firewall.other_families(hook):
        seen = _seen(entry, going.packet, going.translations) if leaves(entry) else going.packet
        course, accepted = Course(seen, going.left), False
        for hit in entry.walker.hits(entry.place, course):
            decision = decided(entry, hit, going.packet)
            if hit.target not in (ACCEPTED, NOTRACK):
                record_uncertain(going, [downgraded(decision)])
            if hit.answer == YES:
                accepted = True
                break
        going.left = course.left
        if (course.packet.mark, course.packet.ct_mark) != (seen.mark, seen.ct_mark):
            going.packet = joined(going.packet, course.packet)
        if not accepted and entry.base.policy != ACCEPTED:
            going.undetermined.append(Decision(entry.place, entry.base.policy, UNKNOWN))
