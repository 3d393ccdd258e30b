"""The way through the host: what its rules and its routes do with a packet of a container."""

import errno
from collections.abc import Iterator

from exporter.core.explain.path import DNAT, FAILED, OK, ROUTE, UNKNOWN, Step
from exporter.core.model.docker import Network
from exporter.core.model.fib import LOCAL, RouteQuery, RouteResult
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import FORWARD, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import FILTER
from exporter.core.reach.path.arrival import FORGED
from exporter.core.reach.path.delivery import delivered
from exporter.core.reach.path.host_socket import to_host
from exporter.core.reach.path.outside import beyond, leaves, source_translated
from exporter.core.reach.path.rule_steps import host_rules_step
from exporter.core.reach.path.trip import Flow, Steps, Trip, translated
from exporter.core.reach.view import Device

UNREAD = "the host's firewall rules could not be read"
REFUSALS = {
    errno.ENETUNREACH: "has no route",
    errno.EACCES: "has a prohibit route",
    errno.EINVAL: "has a blackhole route",
}


def via_host(trip: Trip, bridge: Device) -> Steps:
    """Yield the steps of a packet that the host gets from a bridge, to itself or to be forwarded."""
    context, flow = trip.context, trip.flow
    firewall = context.host_firewall([bridge.link.name])
    if firewall is None:
        yield Step(FILTER, UNKNOWN, UNREAD, "rules_unknown")
        return
    to_own = context.host.view.device_of(flow.destination) is not None
    packet = flow.packet(iif=bridge.link.name, to_host=to_own)
    arrived = walk(firewall, packet, (PREROUTING,))
    step = host_rules_step(context, arrived, f"packets of {trip.client.name}", (trip.network, _target(trip, flow)))
    if step is not None:
        yield step
    if arrived.dropped:
        return
    yield from _routed(trip, bridge, firewall, packet, arrived)


def _target(trip: Trip, flow: Flow) -> Network | None:
    owner = trip.context.owner_of(flow.destination)
    return trip.context.networks.get(owner[1].network_id) if owner else trip.context.network_with(flow.destination)


def _routed(trip: Trip, bridge: Device, firewall: Firewall, packet: Packet, arrived: Outcome) -> Steps:
    flow = trip.flow
    if arrived.translations:
        flow = translated(flow, arrived, bridge)
        yield Step(DNAT, OK, f"a DNAT rule sends it to {flow.destination}, {flow.protocol}/{flow.port}")
    result = trip.context.host.lookup(RouteQuery(flow.destination, flow.source, bridge.link.ifindex))
    if result.error:
        yield _refused(trip, bridge, flow, result)
    elif result.type == LOCAL:
        yield from to_host(trip, firewall, bridge, arrived.packet, flow)
    else:
        yield from _forwarded(trip, bridge, packet, arrived, flow, result)


def _refused(trip: Trip, bridge: Device, flow: Flow, result: RouteResult) -> Step:
    """Distinguish forwarding, rp_filter and routes: only the last concern the host's own lookup."""
    own = trip.context.host.lookup(RouteQuery(flow.destination))
    if own.error:
        why = REFUSALS.get(own.error, "has an unreachable route")
        code = "no_route" if own.error == errno.ENETUNREACH else "route_refused"
        return Step(ROUTE, FAILED, f"the host {why} for {flow.destination}", code)
    if result.error in FORGED:
        detail = f"the host refuses packets of {flow.source} on {bridge.link.name} (rp_filter)"
        return Step(FILTER, FAILED, detail, "source_refused")
    if result.error == errno.EHOSTUNREACH:
        return Step(FILTER, FAILED, f"the host does not forward packets of {bridge.link.name}", "forwarding_off")
    detail = f"the host refuses to route packets of {bridge.link.name} to {flow.destination} (errno {result.error})"
    return Step(ROUTE, UNKNOWN, detail, "route_unknown")


def _forwarded(trip: Trip, bridge: Device, packet: Packet, arrived: Outcome, flow: Flow, result: RouteResult) -> Steps:
    context = trip.context
    out = context.host.view.devices.get(result.ifindex)
    firewall = context.host_firewall([bridge.link.name, out.link.name if out else ""])
    if out is None or firewall is None:
        yield Step(ROUTE, UNKNOWN, f"the host's device to {flow.destination} is not known", "route_unknown")
        return
    target = context.network_of_bridge(out.link.name)
    networks = trip.network, target
    sent = walk(firewall, arrived.packet._replace(oif=out.link.name), (FORWARD, POSTROUTING))
    step = host_rules_step(context, sent, f"packets from {trip.network_name or 'it'} to {out.link.name}", networks)
    if step is None and not sent.dropped:
        back = answer_to(packet, sent.packet, arrived.packet)._replace(oif=bridge.link.name)
        steps = (
            host_rules_step(context, one, "the answers", networks[::-1])
            for one in _answered(firewall, back, flow, sent, out)
        )
        step = next(filter(None, steps), None)
    yield step or Step(FILTER, OK, f"the host forwards it to {out.link.name}, and no rule drops it")
    if step is not None and step.state != UNKNOWN:
        return
    if target is not None:
        seen = Flow(_seen_source(flow, sent, out), flow.destination, flow.protocol, flow.port)
        yield from delivered(trip, seen, target, out)
        return
    yield from leaves(context.nat, trip.network, flow, sent, out)
    yield beyond(context.host.view, out, result, flow.destination)


def _answered(firewall: Firewall, back: Packet, flow: Flow, sent: Outcome, out: Device) -> Iterator[Outcome]:
    """Walk the answer: until a source translation is undone it is for the host itself (nf_nat in prerouting)."""
    if not source_translated(sent):
        yield walk(firewall, back, (PREROUTING, FORWARD, POSTROUTING))
        return
    arriving = back._replace(dst=number_of(_seen_source(flow, sent, out)), to_host=True)
    yield walk(firewall, arriving, (PREROUTING,))
    yield walk(firewall, back, (FORWARD, POSTROUTING))


def _seen_source(flow: Flow, sent: Outcome, out: Device) -> str:
    """The address that the server sees: that of the bridge where the packet is masqueraded."""
    if not source_translated(sent):
        return flow.source
    decided = next((one.address for one in sent.translations if one.effect == "SNAT" and one.address), "")
    same = [address for address in out.addresses if (":" in address) == (":" in flow.source)]
    return decided or next(iter(same), flow.source)
