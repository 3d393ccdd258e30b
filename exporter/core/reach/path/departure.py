"""The client's end of a way: its route, its own rules, its device, and the way from there."""

from exporter.core.explain.path import FAILED, LINK, OK, ROUTE, UNKNOWN, Step
from exporter.core.model.fib import LOCAL, UNICAST
from exporter.core.nat.walk.firewall import OUTPUT, POSTROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.context import HOST_MODE
from exporter.core.reach.path.from_host import from_host
from exporter.core.reach.path.link_step import bridge_of, device_fault, end_faults
from exporter.core.reach.path.listener_step import listener_step
from exporter.core.reach.path.parent_device import KINDS, by_parent
from exporter.core.reach.path.route_step import route_step
from exporter.core.reach.path.rule_steps import filter_step, own_rules_step
from exporter.core.reach.path.same_bridge import on_link
from exporter.core.reach.path.trip import Steps, Trip
from exporter.core.reach.path.via_host import via_host


def departure(trip: Trip) -> Steps:
    """Yield the steps of a packet for which the client has a route."""
    home = trip.context.home(trip.client)
    if home.network_mode == HOST_MODE:
        yield Step(ROUTE, OK, f"{trip.client.name} is in host mode: its packets are the host's")
        yield from from_host(trip)
        return
    if trip.route.type == LOCAL:
        yield from _itself(trip)
        return
    if trip.route.type != UNICAST:
        detail = f"{trip.flow.destination} is a {trip.route.type} address"
        yield Step(ROUTE, UNKNOWN, detail, "route_unknown")
        return
    yield route_step(trip)
    if (fault := device_fault(home, trip.device, trip.network)) is not None:
        yield fault
        return
    steps = [*filter(None, [filter_step(INSIDE, trip.view, trip.device)]), *_own_rules(trip)]
    yield from steps
    if not any(step.state == FAILED for step in steps):
        yield from _onward(trip)


def _itself(trip: Trip) -> Steps:
    """The client's own address: only its own sockets count."""
    flow = trip.flow
    yield Step(ROUTE, OK, f"{flow.destination} is an address of {trip.client.name} itself")
    if flow.port:
        yield listener_step(trip.view, trip.client.name, flow.protocol, flow.port, flow.destination)


def _own_rules(trip: Trip) -> Steps:
    packet = trip.flow.packet(oif=trip.device.link.name, from_host=True)
    sent = walk(trip.context.firewall_of(trip.view), packet, (OUTPUT, POSTROUTING))
    what = f"packets to {trip.flow.destination}"
    step = own_rules_step(trip.view, trip.client.name, sent, what)
    if step is not None:
        yield step
    elif sent.packet.dst != packet.dst or sent.packet.dport != packet.dport or sent.packet.src != packet.src:
        detail = f"NAT rules of {trip.client.name} translate {what}"
        yield Step(INSIDE, UNKNOWN, detail, "redirected_inside")


def _onward(trip: Trip) -> Steps:
    context, home = trip.context, trip.context.home(trip.client)
    if trip.device.link.kind in KINDS:
        yield from by_parent(trip)
        return
    faults = list(end_faults(context, home, trip.device, trip.network))
    yield from faults
    bridge = bridge_of(context, home, trip.device)
    if any(fault.state == FAILED for fault in faults) or bridge is None:
        return
    hop = trip.route.gateway or trip.flow.destination
    holder = context.host.view.device_of(hop)
    if holder is not None and holder.link.ifindex == bridge.link.ifindex:
        yield from via_host(trip, bridge)
    elif not trip.route.gateway:
        yield from on_link(trip, bridge)
    else:
        yield _next_hop(trip)


def _next_hop(trip: Trip) -> Step:
    hop, owner = trip.route.gateway, trip.context.owner_of(trip.route.gateway, trip.network)
    if owner is not None:
        detail = f"the next hop {hop} is container {owner[0].name}: what it forwards is not evaluated"
        return Step(ROUTE, UNKNOWN, detail, "next_hop_unknown")
    network = trip.network_name or "the link"
    return Step(LINK, FAILED, f"no device on network {network} has the next hop {hop}", "next_hop_unknown")
