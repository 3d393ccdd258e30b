"""The way of a client in host mode: the host's own packets."""

from exporter.core.explain.path import DNAT, OK, UNKNOWN, Step
from exporter.core.model.fib import LOCAL, RouteQuery, RouteResult
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import FILTER
from exporter.core.reach.namespace_rules import LOOPBACK, LOOPBACK_IFINDEX
from exporter.core.reach.path.delivery import delivered
from exporter.core.reach.path.holders import port_of
from exporter.core.reach.path.host_socket import served
from exporter.core.reach.path.ipsec_step import ipsec_step
from exporter.core.reach.path.outside import beyond, seen_source
from exporter.core.reach.path.route_step import refused, unknown_route
from exporter.core.reach.path.rule_steps import UNREAD_RULES, host_rules_step, may_translate
from exporter.core.reach.path.trip import Flow, Steps, Trip, translated
from exporter.core.reach.view import Device

PASSED = Step(FILTER, OK, "no rule of the host drops it")


def from_host(trip: Trip) -> Steps:
    """Yield the steps behind the first route lookup."""
    context, flow = trip.context, trip.flow
    firewall = context.host_firewall([trip.device.link.name])
    if firewall is None:
        yield UNREAD_RULES
        return
    yield from filter(None, [ipsec_step(FILTER, trip.view, "the host", [flow.source], [flow.destination])])
    packet = flow.packet(oif=trip.device.link.name, from_host=True, to_host=trip.route.type == LOCAL)
    sent = walk(firewall, packet, (OUTPUT,))
    if (step := host_rules_step(context, sent, f"packets of {trip.client.name}", (None, None))) is not None:
        yield step
        if step.state != UNKNOWN or may_translate(sent):
            return
    result = trip.route
    if sent.translations:
        flow = translated(flow, sent, trip.device)
        yield Step(DNAT, OK, f"a DNAT rule translates it to {flow.destination}, {flow.protocol}/{flow.port}")
        again = RouteQuery(flow.destination, flow.source, protocol=flow.protocol, port=flow.port)
        result = context.host.lookup(again)
        if result.error:
            yield refused(context, trip.client, trip.view, flow.destination, result)
            return
    yield from _sent(trip, firewall, sent.packet, flow, result)


def _sent(trip: Trip, firewall: Firewall, packet: Packet, flow: Flow, result: RouteResult) -> Steps:
    """Yield the steps behind the hook output."""
    out = trip.context.host.view.devices.get(result.ifindex)
    if result.type == LOCAL:
        taken = walk(firewall, packet._replace(iif=LOOPBACK, oif="", to_host=True), (INPUT,))
        step = host_rules_step(trip.context, taken, "packets to the host itself", (None, None))
        yield step or PASSED
        if step is None or step.state == UNKNOWN:
            yield from served(trip, flow, LOOPBACK_IFINDEX)
    elif out is None:
        yield unknown_route("the host", flow.destination, result)
    else:
        yield from _leaving(trip, firewall, packet._replace(oif=out.link.name), flow, out, result)


def _leaving(trip: Trip, firewall: Firewall, packet: Packet, flow: Flow, out: Device, result: RouteResult) -> Steps:
    context, name = trip.context, out.link.name
    network = context.network_of_bridge(name)
    behind = port_of(context, flow.destination, network) if network else []
    firewall = context.host_firewall([name, *behind]) or firewall
    sent = walk(firewall, packet, (POSTROUTING,))
    back = answer_to(packet, sent.packet, packet)._replace(iif=name, oif="", to_host=True)
    outcomes = {f"packets to {name}": sent, "the answers": walk(firewall, back, (PREROUTING, INPUT))}
    steps = [host_rules_step(context, outcome, what, (None, network)) for what, outcome in outcomes.items()]
    step = next((one for one in steps if one is not None), None)
    yield step or PASSED
    if (step is not None and step.state != UNKNOWN) or may_translate(sent):
        return
    if network is not None:
        seen = Flow(seen_source(flow, sent, out), flow.destination, flow.protocol, flow.port)
        yield from delivered(trip, seen, network, out)
    else:
        yield beyond(context, out, result, flow.destination)
