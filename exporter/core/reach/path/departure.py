"""The client's end of a way: its route, its own rules, its device, and what follows behind it."""

from msgspec.structs import replace

from exporter.core.explain.path import FAILED, LINK, LISTENER, OK, ROUTE, UNKNOWN, Step
from exporter.core.model.fib import LOCAL, UNICAST, RouteQuery
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.context import HOST_MODE
from exporter.core.reach.discovery import discovery_step
from exporter.core.reach.names.records import is_user_defined, ordered_networks
from exporter.core.reach.names.resolver_step import DNS_PORT, EMBEDDED, resolver_fault
from exporter.core.reach.namespace_rules import LOOPBACK_IFINDEX
from exporter.core.reach.path.from_host import from_host
from exporter.core.reach.path.holders import searched
from exporter.core.reach.path.ipsec_step import ipsec_step
from exporter.core.reach.path.link_step import bridge_of, device_fault, end_faults
from exporter.core.reach.path.listener_step import listener_step
from exporter.core.reach.path.mtu_step import own_end_step, path_mtu_step
from exporter.core.reach.path.own_rules import looping, sending
from exporter.core.reach.path.parent_device import KINDS, by_parent
from exporter.core.reach.path.route_step import refused, route_step
from exporter.core.reach.path.rule_steps import filter_step
from exporter.core.reach.path.same_bridge import on_link
from exporter.core.reach.path.trip import Flow, Steps, Trip
from exporter.core.reach.path.via_host import via_host
from exporter.core.reach.sent_packets import client_programs_step, local_ports_step

GROUPS = ("broadcast", "multicast")


def departure(trip: Trip) -> Steps:
    """Yield the steps of a packet for which the client has a route."""
    home = trip.context.home(trip.client)
    if trip.route.type not in (UNICAST, LOCAL):
        yield _group_step(trip)
        return
    if home.network_mode == HOST_MODE:
        yield Step(ROUTE, OK, f"{trip.client.name} is in host mode: its packets are the host's")
        full = local_ports_step(trip.here, trip.client.name, trip.flow)
        yield from filter(None, [full or client_programs_step(trip.view, trip.client.name, trip.flow)])
        yield from from_host(trip) if full is None else ()
        return
    if trip.route.type == LOCAL:
        yield from _itself(trip)
        return
    yield route_step(trip)
    if (fault := device_fault(trip.context, home, trip.device, trip.network)) is not None:
        yield fault
        return
    if (full := local_ports_step(trip.here, trip.client.name, trip.flow)) is not None:
        yield full
        return
    found = discovery_step(trip.context, trip.view, trip.client.name, trip.flow, trip.device)
    yield from filter(None, [filter_step(INSIDE, trip.view, trip.device), _ipsec_step(trip), found])
    yield from filter(None, [client_programs_step(trip.view, trip.client.name, trip.flow)])
    rules = sending(trip.context, trip.view, trip.client.name, trip.flow, trip.device)
    yield from rules.steps
    if rules.goes_on and rules.flow is not None:
        yield from _rerouted(trip, rules.flow)
    elif rules.goes_on:
        yield from _onward(trip)


def _group_step(trip: Trip) -> Step:
    """A multicast or broadcast address, to which TCP does not connect (net/ipv4/tcp_ipv4.c: tcp_v4_connect)."""
    detail = f"{trip.flow.destination} is a {trip.route.type} address"
    if trip.route.type not in GROUPS:
        return Step(ROUTE, UNKNOWN, detail, "route_unknown")
    if trip.flow.protocol == "tcp":
        return Step(ROUTE, FAILED, f"{detail}, to which TCP does not connect", "group_address")
    return Step(ROUTE, UNKNOWN, f"{detail}: who receives it is not evaluated", "group_address")


def _ipsec_step(trip: Trip) -> Step | None:
    return ipsec_step(INSIDE, trip.view, trip.client.name, [trip.flow.source], [trip.flow.destination])


def _rerouted(trip: Trip, flow: Flow) -> Steps:
    """Follow a packet that the client's own rules translate: its route is looked up anew (ip_route_me_harder)."""
    result = trip.here.lookup(RouteQuery(flow.destination, flow.source, protocol=flow.protocol, port=flow.port))
    device = trip.view.devices.get(result.ifindex)
    if device is None:
        yield refused(trip.context, trip.client, trip.view, flow.destination, result)
    elif result.type == UNICAST:
        network = trip.context.network_of(trip.client, device)
        yield from _onward(replace(trip, flow=flow, route=result, device=device, network=network))


def _itself(trip: Trip) -> Steps:
    """The client's own address: only its own rules and sockets count."""
    flow, networks = trip.flow, ordered_networks(trip.context, trip.client)
    yield Step(ROUTE, OK, f"{flow.destination} is an address of {trip.client.name} itself")
    loopback = trip.view.devices.get(LOOPBACK_IFINDEX)
    fault = device_fault(trip.context, trip.context.home(trip.client), loopback, None) if loopback else None
    if fault is not None:
        yield fault
        return
    if (flow.destination, flow.port) == (EMBEDDED, DNS_PORT) and any(is_user_defined(one) for one, _ in networks):
        served = Step(LISTENER, OK, f"the engine's DNS server has the socket behind {EMBEDDED}:{DNS_PORT}")
        yield resolver_fault(trip.context, trip.client, flow.protocol) or served
        return
    rules = looping(trip.context, trip.view, trip.client.name, flow)
    yield from rules.steps
    if flow.port and rules.goes_on:
        yield listener_step(trip.view, trip.client.name, flow.protocol, flow.port, flow.destination, LOOPBACK_IFINDEX)


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
        large = path_mtu_step(context, trip.client, trip.device, trip.flow.destination, bridge)
        yield from filter(None, [own_end_step(context, trip.client, trip.device), large])
    elif holder is not None:
        # arp_ignore(8) decides whether the host answers for an address of another device.
        detail = f"{hop} is the host's address on {holder.link.name}, and is on the link of {bridge.link.name}"
        yield Step(LINK, UNKNOWN, detail, "next_hop_unknown")
    elif not trip.route.gateway:
        yield from on_link(trip, bridge)
    else:
        yield _next_hop(trip)


def _next_hop(trip: Trip) -> Step:
    hop, owner = trip.route.gateway, trip.context.owner_of(trip.route.gateway, trip.network)
    if owner is not None:
        detail = f"the next hop {hop} is container {owner[0].name}: what it forwards is not evaluated"
        return Step(ROUTE, UNKNOWN, detail, "next_hop_unknown")
    detail = f"no known device on network {trip.network_name or 'the link'} has the next hop {hop}"
    known = trip.network is not None and searched(trip.context, trip.network)
    return Step(LINK, FAILED if known else UNKNOWN, detail, "next_hop_unknown")
