"""What a container's own rules do with its packets, with those that arrive, and with the answers."""

from dataclasses import dataclass

from exporter.core.explain.path import FAILED, UNKNOWN, Step
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.namespace_rules import LOOPBACK
from exporter.core.reach.path.rule_steps import joined_steps, may_translate, own_rules_step, unread_step
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import RULES, NamespaceView

Hooks = tuple[str, ...]
SENT, RECEIVED = (OUTPUT, POSTROUTING), (PREROUTING, INPUT)


@dataclass(frozen=True, slots=True)
class OwnRules:
    """`steps` are those of rules that drop a packet or an answer, or may. Without `goes_on` nothing behind is known."""

    steps: tuple[Step, ...] = ()
    goes_on: bool = True


def sending(context: ReachContext, view: NamespaceView, whose: str, flow: Flow, device: str) -> OwnRules:
    """Walk a client's packet out of its namespace, and the answer into it."""
    packet = flow.packet(oif=device, from_host=True)
    return _walked(context, view, whose, packet, (SENT, f"packets to {flow.destination}"), (RECEIVED, "the answers"))


def receiving(context: ReachContext, view: NamespaceView, whose: str, flow: Flow, device: str) -> OwnRules:
    """Walk a packet into a server's namespace, and the answer out of it."""
    packet = flow.packet(iif=device, to_host=True)
    what = f"packets to {flow.protocol}/{flow.port}" if flow.port else f"packets to {flow.destination}"
    return _walked(context, view, whose, packet, (RECEIVED, what), (SENT, "its answers"))


def looping(context: ReachContext, view: NamespaceView, whose: str, flow: Flow) -> OwnRules:
    """Walk a container's packet to itself. Rules that translate received packets do not apply, and count as unknown."""
    packet = flow.packet(oif=LOOPBACK, from_host=True, to_host=True)
    what = f"packets to {flow.destination}"
    sent = _walked(context, view, whose, packet, (SENT, what), (RECEIVED, "the answers"))
    if not sent.goes_on or view.missing(RULES):
        return sent
    arrived = receiving(context, view, whose, flow, LOOPBACK)
    return OwnRules(joined_steps(*sent.steps, *arrived.steps), arrived.goes_on)


def _walked(
    context: ReachContext,
    view: NamespaceView,
    whose: str,
    packet: Packet,
    there: tuple[Hooks, str],
    back: tuple[Hooks, str],
) -> OwnRules:
    if (why := view.missing(RULES)) is not None:
        return OwnRules((unread_step(INSIDE, f"the firewall rules of {whose} could not be read", why),))
    firewall, (hooks, what) = context.firewall_of(view), there
    sent = walk(firewall, packet, hooks)
    step = own_rules_step(whose, sent, what)
    if sent.dropped or may_translate(sent):
        return OwnRules(joined_steps(step), goes_on=False)
    if sent.translations:
        detail = f"NAT rules of {whose} translate {what}"
        return OwnRules((Step(INSIDE, UNKNOWN, detail, "redirected_inside"),), goes_on=False)
    hooks, what = back
    answered = walk(firewall, answer_to(packet, sent.packet, packet), hooks)
    steps = joined_steps(step, own_rules_step(whose, answered, what))
    return OwnRules(steps, goes_on=not any(step.state == FAILED for step in steps))
