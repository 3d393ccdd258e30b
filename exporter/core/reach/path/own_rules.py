"""What a container's own rules do with its packets, with those that arrive, and with the answers."""

from msgspec import Struct

from exporter.core.explain.path import FAILED, OK, UNKNOWN, Step
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Mark, Packet
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.nat.walk.ways import answer_to, following
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.namespace_rules import LOOPBACK
from exporter.core.reach.path.rule_steps import joined_steps, may_translate, own_rules_step, unread_step
from exporter.core.reach.path.trip import Flow, translated
from exporter.core.reach.question import is_address
from exporter.core.reach.sent_packets import sender
from exporter.core.reach.view import RULES, Device, NamespaceView

Hooks = tuple[str, ...]
SENT, RECEIVED = (OUTPUT, POSTROUTING), (PREROUTING, INPUT)
FURTHER = "the packets that follow the first one"
OF_DESTINATION = frozenset({"DNAT", "REDIRECT"})


class OwnRules(Struct, frozen=True):
    """`steps` are those of rules that drop a packet or an answer, or may, or translate it.

    Without `goes_on` nothing behind is known. `flow` is the connection behind a certain translation of its destination.
    """

    steps: tuple[Step, ...] = ()
    goes_on: bool = True
    flow: Flow | None = None


class _Passage(Struct, frozen=True):
    """A packet through the rules of a container: the hooks of it and of the answer, each with what it is called."""

    view: NamespaceView
    whose: str
    flow: Flow
    packet: Packet
    there: tuple[Hooks, str]
    back: tuple[Hooks, str]
    device: Device | None = None


def sending(context: ReachContext, view: NamespaceView, whose: str, flow: Flow, device: Device) -> OwnRules:
    """Walk a client's packet out of its namespace, and the answer into it."""
    packet = flow.packet(oif=device.link.name, from_host=True)
    there, back = (SENT, f"packets to {flow.destination}"), (RECEIVED, "the answers")
    return _walked(context, _Passage(view, whose, flow, packet, there, back, device))


def receiving(context: ReachContext, view: NamespaceView, whose: str, flow: Flow, device: Device) -> OwnRules:
    """Walk a packet into a server's namespace, and the answer out of it."""
    packet = flow.packet(iif=device.link.name, to_host=True)
    there, back = (RECEIVED, _called(flow)), (SENT, "its answers")
    return _walked(context, _Passage(view, whose, flow, packet, there, back, device))


def looping(context: ReachContext, view: NamespaceView, whose: str, flow: Flow) -> OwnRules:
    """Walk a container's packet to itself. Rules that translate received packets do not apply, and count as unknown."""
    packet = flow.packet(oif=LOOPBACK, from_host=True, to_host=True)
    there, back = (SENT, f"packets to {flow.destination}"), (RECEIVED, "the answers")
    sent = _walked(context, _Passage(view, whose, flow, packet, there, back))
    if not sent.goes_on or view.missing(RULES):
        return sent
    packet = flow.packet(iif=LOOPBACK, to_host=True)
    there, back = (RECEIVED, _called(flow)), (SENT, "its answers")
    arrived = _walked(context, _Passage(view, whose, flow, packet, there, back))
    return OwnRules(joined_steps(*sent.steps, *arrived.steps), arrived.goes_on)


def _called(flow: Flow) -> str:
    return f"packets to {flow.protocol}/{flow.port}" if flow.port else f"packets to {flow.destination}"


def _walked(context: ReachContext, passage: _Passage) -> OwnRules:
    view, whose, packet = passage.view, passage.whose, passage.packet
    if (why := view.missing(RULES)) is not None:
        return OwnRules((unread_step(INSIDE, f"the firewall rules of {whose} could not be read", why),))
    firewall, (hooks, what) = context.firewall_of(view), passage.there
    sent = walk(firewall, packet, hooks)
    step = own_rules_step(whose, sent, what)
    if sent.dropped or may_translate(sent):
        return OwnRules(joined_steps(step), goes_on=False)
    behind, forwarded = _behind(passage, sent), packet
    if sent.translations and behind is None:
        detail = f"NAT rules of {whose} translate {what}"
        return OwnRules((Step(INSIDE, UNKNOWN, detail, "redirected_inside"),), goes_on=False)
    if behind is not None:
        forwarded = sent.packet._replace(dst=number_of(behind.destination))
    hooks, answers = passage.back
    answer = answer_to(packet, sent.packet, forwarded)._replace(mark=_mark(view, packet))
    answered = walk(firewall, answer, hooks)
    further = following(firewall, packet, sent, passage.there[0])
    outcomes = (own_rules_step(whose, answered, answers), own_rules_step(whose, further, FURTHER))
    steps = joined_steps(step, *outcomes)
    steps += (_translation(passage, what, behind),) if behind is not None else ()
    return OwnRules(steps, all(step.state != FAILED for step in steps), behind)


def _mark(view: NamespaceView, packet: Packet) -> Mark:
    """The mark of the answer, as the server's socket sets it; that of a received answer is none."""
    return Mark((0 if packet.from_host else sender(view, packet.protocol, packet.dport or 0)[1],))


def _behind(passage: _Passage, sent: Outcome) -> Flow | None:
    """The connection behind a translation: of a client out of its namespace, of a server within it; None otherwise.

    A client may lead connections to a proxy of its own, which decides where they go.
    """
    [*others, by] = sent.translations or [None]
    if passage.device is None or by is None or others or by.effect not in OF_DESTINATION:
        return None
    if by.address and not is_address(by.address):
        return None
    flow = translated(passage.flow, sent, passage.device)
    leaves = passage.packet.from_host
    if leaves and by.effect == "REDIRECT":
        return None
    at = passage.view.device_of(flow.destination)
    if leaves:
        return flow if at is None else None
    # A received packet to the loopback is refused, unless route_localnet is on.
    return flow if at is not None and at.link.name != LOOPBACK else None


def _translation(passage: _Passage, what: str, flow: Flow) -> Step:
    to = f"{flow.destination}, {flow.protocol}/{flow.port}"
    detail = f"NAT rules of {passage.whose} translate {what}: the new target is {to}"
    if passage.packet.from_host:
        return Step(INSIDE, UNKNOWN, f"{detail}, and whether it is the right one is not known", "redirected_inside")
    return Step(INSIDE, OK, detail)
