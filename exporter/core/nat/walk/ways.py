"""The ways of a packet through the host: to a published port and back, and out of a network and back."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from exporter.core.nat.packet import OUTSIDE, Packet
from exporter.core.nat.ruleset import STATE_DNAT, STATE_ESTABLISHED, STATE_MASQUERADED
from exporter.core.nat.walk.firewall import FORWARD, INPUT, OUTPUT, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.leaving import is_masqueraded
from exporter.core.nat.walk.outcome import Decision, Outcome

Route = Callable[[int], str]  # the bridge of an address's network; OUTSIDE for other addresses


class Way(Struct, frozen=True):
    """The parts of a way in their order, up to where a packet is dropped.

    Before the routing, behind it, the answer, and the packets that follow.
    """

    parts: tuple[Outcome, ...]

    @property
    def arrival(self) -> Outcome:
        """What becomes of the packet before the routing."""
        return self.parts[0]

    @property
    def end(self) -> Decision | None:
        """What drops the packet or its answer for certain and for all; None if nothing does."""
        return next((part.decision for part in self.parts if part.dropped), None)

    @property
    def drops_answers(self) -> bool:
        """Whether what is dropped is an answer."""
        return any(part.packet.reply for part in self.parts if part.dropped)

    @property
    def unclear(self) -> tuple[Decision, ...]:
        """All that may change it, of which it is unknown whether it does."""
        return tuple(one for part in self.parts for one in part.unclear)

    @property
    def partial(self) -> tuple[Decision, ...]:
        """All that changes it for some clients."""
        return tuple(one for part in self.parts for one in part.partial)


def way_in(firewall: Firewall, packet: Packet, route: Route) -> Way:
    """Walk the first packet of a client to its translated destination, the answer back, and the packets that follow."""
    arrived = walk(firewall, packet, (PREROUTING,))
    if arrived.dropped:
        return Way((arrived,))
    forwarded = arrived.packet
    local = forwarded.to_host or forwarded.dst is None
    oif = OUTSIDE if local or forwarded.dst is None else route(forwarded.dst)
    onward = (INPUT,) if local else (FORWARD, POSTROUTING)
    passed = walk(firewall, forwarded._replace(oif=oif), onward)
    if passed.dropped:
        return Way((arrived, passed))
    back = answer_to(packet, passed.packet, forwarded)
    answering = (OUTPUT, POSTROUTING) if local else (PREROUTING, FORWARD, POSTROUTING)
    answered = walk(firewall, back, answering)
    if answered.dropped:
        return Way((arrived, passed, answered))
    return Way((arrived, passed, answered, *_further(firewall, packet, passed.packet, onward)))


def _further(firewall: Firewall, sent: Packet, passed: Packet, onward: tuple[str, ...]) -> Iterator[Outcome]:
    """Walk the packets that follow in the direction of the first: they belong to a connection that is established."""
    state = STATE_ESTABLISHED | (passed.state & STATE_DNAT)
    following = sent._replace(state=state, ct_mark=passed.ct_mark, original=passed.original)
    arrived = walk(firewall, following, (PREROUTING,))
    yield arrived
    if not arrived.dropped:
        forwarded = passed._replace(state=state, mark=arrived.packet.mark, ct_mark=arrived.packet.ct_mark)
        yield walk(firewall, forwarded, onward)


def following(firewall: Firewall, packet: Packet, passed: Outcome, hooks: tuple[str, ...]) -> Outcome:
    """Walk the packets that follow the first one through the same hooks; `passed` is the walk of the first one."""
    first = passed.packet
    state = STATE_ESTABLISHED | (first.state & STATE_DNAT)
    state |= STATE_MASQUERADED if is_masqueraded(passed.translations) else 0
    return walk(firewall, packet._replace(state=state, ct_mark=first.ct_mark, original=first.original), hooks)


def answer_to(sent: Packet, passed: Packet, forwarded: Packet) -> Packet:
    """The answer, as its sender sends it."""
    return Packet(
        iif=passed.oif,
        oif=sent.iif,
        src=forwarded.dst,
        dst=sent.src,
        protocol=sent.protocol,
        sport=forwarded.dport,
        dport=sent.sport,
        from_host=forwarded.to_host,
        to_host=sent.from_host,
        state=STATE_ESTABLISHED | (forwarded.state & STATE_DNAT),
        family=sent.family,
        reply=True,
        ct_mark=passed.ct_mark,
        original=forwarded.first_destination,
    )


def way_out(firewall: Firewall, packet: Packet, *, answered: bool = True) -> Way:
    """Walk a container's first packet to somewhere outside, and the answer back.

    Not `answered`: without a translation it is up to other hosts whether an answer arrives at this one.
    """
    sent = walk(firewall, packet, (PREROUTING, FORWARD, POSTROUTING))
    if sent.dropped:
        return Way((sent,))
    back = answer_to(packet, sent.packet, packet)
    translated = bool(sent.translations) and sent.translations[-1].effect in ("MASQUERADE", "SNAT")
    parts = [sent]
    if translated or answered:
        # Until the translation is undone the answer is for an address of the host's own.
        arriving = back._replace(iif=OUTSIDE, oif=OUTSIDE, to_host=translated, dst=None if translated else packet.src)
        parts.append(walk(firewall, arriving, (PREROUTING,)))
        back = parts[-1].packet
    if not parts[-1].dropped:
        going = back._replace(iif=OUTSIDE, dst=packet.src, to_host=False, oif=packet.iif)
        parts.append(walk(firewall, going, (FORWARD, POSTROUTING)))
    if not parts[-1].dropped:
        parts.append(following(firewall, packet, sent, (PREROUTING, FORWARD, POSTROUTING)))
    return Way(tuple(parts))
