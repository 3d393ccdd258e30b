"""What the host does with a packet that it forwards: its rules, its translation of the source, its way back."""

from collections.abc import Iterator

from exporter.core.explain.path import BLOCKED, FAILED, OK, UNKNOWN, Step
from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import IP6
from exporter.core.nat.walk.firewall import FORWARD, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.nat.walk.ways import answer_to, following
from exporter.core.reach.answer import FILTER
from exporter.core.reach.path.delivery import delivered
from exporter.core.reach.path.holders import port_of
from exporter.core.reach.path.outside import beyond, seen_source, source_step, source_translated
from exporter.core.reach.path.own_rules import FURTHER
from exporter.core.reach.path.route_step import unknown_route
from exporter.core.reach.path.rule_steps import UNREAD_RULES, host_rules_step, may_translate
from exporter.core.reach.path.trip import Flow, Steps, Trip
from exporter.core.reach.path.way_back import way_back
from exporter.core.reach.sent_packets import tracking_step
from exporter.core.reach.view import Device

FAULTS = (FAILED, BLOCKED)
FORWARDING_OFF = Step(
    FILTER, FAILED, "the host does not forward IPv6 packets (net.ipv6.conf.all.forwarding)", "forwarding_off"
)


def forwarded(trip: Trip, bridge: Device, sent: tuple[Packet, Outcome], flow: Flow, result: RouteResult) -> Steps:
    """Yield the steps behind the host's route.

    `sent` is the packet with its walk up to prerouting, `flow` is as it is behind that.
    """
    context, out = trip.context, trip.context.host.view.devices.get(result.ifindex)
    if out is None:
        yield unknown_route("the host", flow.destination, result)
        return
    firewall = context.host_firewall([*trip.port_names(), bridge.link.name, out.link.name, *_behind(trip, flow, out)])
    if firewall is None or _is_forwarding_off(trip, flow):
        yield UNREAD_RULES if firewall is None else FORWARDING_OFF
        return
    passed = walk(firewall, sent[1].packet._replace(oif=out.link.name), (FORWARD, POSTROUTING))
    steps = tuple(_rules(trip, firewall, sent, passed, flow, out))
    yield from steps
    if any(step.name == FILTER and step.state in FAULTS for step in steps) or may_translate(passed):
        return
    lost = way_back(context, RouteQuery(trip.flow.source, flow.destination, out.link.ifindex), bridge)
    if lost is not None:
        yield lost
        return
    yield from _leaving(trip, flow, passed, out, result)


def _behind(trip: Trip, flow: Flow, out: Device) -> list[str]:
    """The name of the host's end of the target, where it is a container."""
    network = trip.context.network_of_bridge(out.link.name)
    return port_of(trip.context, flow.destination, network) if network else []


def _is_forwarding_off(trip: Trip, flow: Flow) -> bool:
    """Whether IPv6 is not forwarded: a lookup does not depend on this switch (net/ipv6/ip6_output.c: ip6_forward)."""
    nat = trip.context.nat
    return flow.family == IP6 and nat is not None and not nat.forwarding.get(IP6, True)


def _leaving(trip: Trip, flow: Flow, passed: Outcome, out: Device, result: RouteResult) -> Steps:
    context, network = trip.context, trip.context.network_of_bridge(out.link.name)
    if network is not None:
        source = seen_source(flow, passed, out)
        seen = Flow(source, flow.destination, flow.protocol, flow.port, masqueraded=source != flow.source)
        yield from delivered(trip, seen, network, out)
        return
    yield from filter(None, [tracking_step(context.host.view, flow.protocol)])
    yield beyond(context, out, result, flow.destination)


def _rules(
    trip: Trip, firewall: Firewall, sent: tuple[Packet, Outcome], passed: Outcome, flow: Flow, out: Device
) -> Steps:
    """Yield the steps of rules that drop the packet, translate its source, or drop an answer.

    Without the translation that an engine should make, answers do not come, whatever rules would do with them.
    """
    context, inner = trip.context, trip.context.network_of_bridge(out.link.name)
    what = f"packets from {trip.network_name or trip.client.name} to {out.link.name}"
    step = host_rules_step(context, passed, what, (trip.network, inner))
    stays = inner is not None or passed.dropped or may_translate(passed)
    source = None if stays else source_step(context.nat, trip.network, flow, passed, out)
    translated = source is None or source.state == OK
    if step is None and translated:
        step = _answers(trip, firewall, sent, passed, flow, out)
    yield step or Step(FILTER, OK, f"the host forwards it to {out.link.name}, and no rule drops it")
    if source is not None and (step is None or step.state == UNKNOWN):
        yield source
        if source.state == UNKNOWN and step is None:
            yield from filter(None, [_answers(trip, firewall, sent, passed, flow, out)])


def _answers(
    trip: Trip, firewall: Firewall, sent: tuple[Packet, Outcome], passed: Outcome, flow: Flow, out: Device
) -> Step | None:
    """The first step of rules that drop an answer, or may; None where they pass it."""
    packet, arrived = sent
    networks = trip.context.network_of_bridge(out.link.name), trip.network
    back = answer_to(packet, passed.packet, arrived.packet)._replace(oif=packet.iif)
    outcomes = _answered(firewall, back, flow, passed, out)
    steps = [host_rules_step(trip.context, one, "the answers", networks) for one in outcomes]
    further = _further(firewall, sent, passed, out)
    steps += [host_rules_step(trip.context, one, FURTHER, networks[::-1]) for one in further]
    return next(filter(None, steps), None)


def _further(firewall: Firewall, sent: tuple[Packet, Outcome], passed: Outcome, out: Device) -> Iterator[Outcome]:
    """Walk the packets that follow: until the hook postrouting they have the client's own address."""
    packet, arrived = sent
    again = following(firewall, packet, passed, (PREROUTING,))
    yield again
    forwarded = arrived.packet._replace(oif=out.link.name, mark=again.packet.mark)
    yield following(firewall, forwarded, passed, (FORWARD, POSTROUTING))


def _answered(firewall: Firewall, back: Packet, flow: Flow, sent: Outcome, out: Device) -> Iterator[Outcome]:
    """Walk the answer: until a source translation is undone it is for the host itself (nf_nat in prerouting)."""
    if not source_translated(sent):
        yield walk(firewall, back, (PREROUTING, FORWARD, POSTROUTING))
        return
    arriving = back._replace(dst=number_of(seen_source(flow, sent, out)), to_host=True)
    yield walk(firewall, arriving, (PREROUTING,))
    yield walk(firewall, back, (FORWARD, POSTROUTING))
