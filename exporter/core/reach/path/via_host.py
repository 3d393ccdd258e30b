"""The way through the host: what its rules and its routes do with a packet of a container."""

import errno

from exporter.core.explain.path import DNAT, FAILED, OK, ROUTE, UNKNOWN, Step
from exporter.core.model.docker import Network
from exporter.core.model.fib import LOCAL, RouteQuery, RouteResult
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import IP6
from exporter.core.nat.walk.firewall import PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.reach.answer import FILTER
from exporter.core.reach.path.arrival import FORGED, compare
from exporter.core.reach.path.forwarded import forwarded
from exporter.core.reach.path.host_socket import to_host
from exporter.core.reach.path.ipsec_step import ipsec_step
from exporter.core.reach.path.link_step import gravest
from exporter.core.reach.path.mac_step import mac_step
from exporter.core.reach.path.neighbour_step import neighbour_step
from exporter.core.reach.path.route_step import unknown_route
from exporter.core.reach.path.rule_steps import UNREAD_RULES, host_rules_step, may_translate
from exporter.core.reach.path.trip import Flow, Steps, Trip, translated
from exporter.core.reach.sent_packets import ttl_step
from exporter.core.reach.view import Device

REFUSALS = {
    errno.ENETUNREACH: "has no route",
    errno.EACCES: "has a prohibit route",
    errno.EINVAL: "has a blackhole route",
    errno.EHOSTUNREACH: "has an unreachable route",
}
# Of a received packet alone, these come from a policy rule with a condition on it, or its table.
BY_POLICY = (errno.EACCES, errno.ENETUNREACH)
SEE_RULES = "See `ip rule` and `ip route show table all`."


def via_host(trip: Trip, bridge: Device) -> Steps:
    """Yield the steps of a packet that the host gets from a bridge, to itself or to be forwarded."""
    context, flow = trip.context, trip.flow
    firewall = context.host_firewall([*trip.port_names(), bridge.link.name])
    if firewall is None:
        yield UNREAD_RULES
        return
    faults = _link_faults(trip, bridge)
    yield from faults
    if any(fault.state == FAILED for fault in faults):
        return
    to_own = context.host.view.device_of(flow.destination) is not None
    packet = flow.packet(iif=bridge.link.name, to_host=to_own)
    arrived = walk(firewall, packet, (PREROUTING,))
    step = host_rules_step(context, arrived, f"packets of {trip.client.name}", (trip.network, _target(trip, flow)))
    if step is not None:
        yield step
    if arrived.dropped or may_translate(arrived):
        return
    yield from _routed(trip, bridge, firewall, packet, arrived)


def _link_faults(trip: Trip, bridge: Device) -> list[Step]:
    """What keeps packets of the client from the bridge, or the host's answers from the client."""
    context, client = trip.context, trip.client
    there, back = (bridge.link.name, bridge), (client.name, trip.device)
    pid, hop = context.home(client).pid, trip.route.gateway or trip.flow.destination
    return gravest(
        mac_step(context, trip.network, (client, trip.device)),
        neighbour_step(trip.view, client.name, pid, trip.device, hop, there),
        neighbour_step(context.host.view, "the host", 0, bridge, trip.flow.source, back),
    )


def _target(trip: Trip, flow: Flow) -> Network | None:
    owner = trip.context.owner_of(flow.destination)
    return trip.context.networks.get(owner[1].network_id) if owner else trip.context.network_with(flow.destination)


def _routed(trip: Trip, bridge: Device, firewall: Firewall, packet: Packet, arrived: Outcome) -> Steps:
    flow = trip.flow
    if arrived.translations:
        flow = translated(flow, arrived, bridge)
        yield Step(DNAT, OK, f"a DNAT rule translates it to {flow.destination}, {flow.protocol}/{flow.port}")
    hosts = [address for device in trip.context.host.view.devices.values() for address in device.addresses]
    targets = [trip.flow.destination, flow.destination]
    step = ipsec_step(FILTER, trip.context.host.view, "the host", [trip.flow.source, *hosts], targets)
    yield from filter(None, [step])
    query = RouteQuery(flow.destination, flow.source, bridge.link.ifindex, flow.protocol, flow.port)
    queries = [query._replace(mark=mark) for mark in arrived.packet.mark.values or (0,)]
    result, *others = (trip.context.host.lookup(one) for one in queries)
    if any(other != result for other in others):
        detail = f"rules may mark packets to {flow.destination}, and their route depends on the mark"
        yield Step(ROUTE, UNKNOWN, detail, "route_unknown", SEE_RULES)
    elif result.error:
        yield _refused(trip, bridge, flow, result, queries[0].mark)
    elif result.type == LOCAL:
        yield from to_host(trip, firewall, bridge, arrived.packet, flow)
    elif (short := _time_to_live(trip)) is not None:
        yield short
    else:
        yield from forwarded(trip, bridge, (packet, arrived), flow, result)


def _time_to_live(trip: Trip) -> Step | None:
    name, six = trip.client.name, trip.flow.family == IP6
    return ttl_step(FILTER, trip.view, trip.device, f"packets of {name}", six=six, route=trip.route)


def _refused(trip: Trip, bridge: Device, flow: Flow, result: RouteResult, mark: int) -> Step:
    """Distinguish forwarding, rp_filter and routes: of these the host's own lookup depends on routes only."""
    own = trip.context.host.lookup(RouteQuery(flow.destination, protocol=flow.protocol, port=flow.port, mark=mark))
    if own.error and own.error not in REFUSALS:
        return unknown_route("the host", flow.destination, own)
    if own.error:
        why = REFUSALS[own.error]
        code = "no_route" if own.error == errno.ENETUNREACH else "route_refused"
        return Step(ROUTE, FAILED, f"the host {why} for {flow.destination}", code)
    if result.error in BY_POLICY:
        what = f"packets of {flow.source} on {bridge.link.name} to {flow.destination}"
        detail = f"the host {REFUSALS[result.error]} for {what}, by a policy rule"
        return Step(ROUTE, FAILED, detail, "route_refused", SEE_RULES)
    if result.error in FORGED:
        detail = f"the host refuses packets of {flow.source} on {bridge.link.name} (rp_filter)"
        return Step(FILTER, FAILED, detail, "source_refused", compare(flow.source))
    if result.error == errno.EHOSTUNREACH:
        name = bridge.link.name
        detail = f"the host does not forward packets of {name} (net.ipv4.conf.{name}.forwarding)"
        return Step(FILTER, FAILED, detail, "forwarding_off")
    detail = f"the host refuses to route packets of {bridge.link.name} to {flow.destination} (errno {result.error})"
    return Step(ROUTE, UNKNOWN, detail, "route_unknown")
