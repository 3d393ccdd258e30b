"""The way of a client in host mode: the host's own packets."""

from exporter.core.explain.path import DNAT, FAILED, OK, ROUTE, UNKNOWN, Step
from exporter.core.model.fib import LOCAL, RouteQuery, RouteResult
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import FILTER
from exporter.core.reach.path.delivery import delivered
from exporter.core.reach.path.host_socket import served
from exporter.core.reach.path.outside import beyond
from exporter.core.reach.path.rule_steps import host_rules_step
from exporter.core.reach.path.trip import Flow, Steps, Trip, translated


def from_host(trip: Trip) -> Steps:
    """Yield the steps behind the first route lookup."""
    context, flow = trip.context, trip.flow
    firewall = context.host_firewall([trip.device.link.name])
    if firewall is None:
        yield Step(FILTER, UNKNOWN, "the host's firewall rules could not be read", "rules_unknown")
        return
    packet = flow.packet(oif=trip.device.link.name, from_host=True, to_host=trip.route.type == LOCAL)
    sent = walk(firewall, packet, (OUTPUT,))
    if (step := host_rules_step(context, sent, f"packets of {trip.client.name}", (None, None))) is not None:
        yield step
        if step.state != UNKNOWN:
            return
    result = trip.route
    if sent.translations:
        flow = translated(flow, sent, trip.device)
        yield Step(DNAT, OK, f"a DNAT rule sends it to {flow.destination}, {flow.protocol}/{flow.port}")
        result = context.host.lookup(RouteQuery(flow.destination))
        if result.error:
            yield Step(ROUTE, FAILED, f"the host has no route to {flow.destination}", "no_route")
            return
    yield from _sent(trip, firewall, sent.packet, flow, result)


def _sent(trip: Trip, firewall: Firewall, packet: Packet, flow: Flow, result: RouteResult) -> Steps:
    """Yield the steps behind the hook output."""
    context = trip.context
    if result.type == LOCAL:
        taken = walk(firewall, packet._replace(iif="lo", oif="", to_host=True), (INPUT,))
        step = host_rules_step(context, taken, "packets to the host itself", (None, None))
        yield step or Step(FILTER, OK, "no rule of the host drops it")
        if step is None or step.state == UNKNOWN:
            yield from served(trip, flow)
        return
    out = context.host.view.devices.get(result.ifindex)
    if out is None:
        yield Step(ROUTE, UNKNOWN, f"the host's device to {flow.destination} is not known", "route_unknown")
        return
    network = context.network_of_bridge(out.link.name)
    packet = packet._replace(oif=out.link.name)
    sent = walk(firewall, packet, (POSTROUTING,))
    back = answer_to(packet, sent.packet, packet)._replace(iif=out.link.name, oif="", to_host=True)
    outcomes = {f"packets to {out.link.name}": sent, "the answers": walk(firewall, back, (PREROUTING, INPUT))}
    steps = [host_rules_step(context, outcome, what, (None, network)) for what, outcome in outcomes.items()]
    step = next((one for one in steps if one is not None), None)
    yield step or Step(FILTER, OK, "no rule of the host drops it")
    if step is not None and step.state != UNKNOWN:
        return
    if network is not None:
        yield from delivered(
            trip, Flow(result.source or flow.source, flow.destination, flow.protocol, flow.port), network, out
        )
    else:
        yield beyond(context.host.view, out, result, flow.destination)
