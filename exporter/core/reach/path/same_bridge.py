"""The way to an address on the client's own network."""

from exporter.core.explain.path import FAILED, LINK, OK, Step
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.reach.path.arrival import arrival, lost_address
from exporter.core.reach.path.bridged_rules import bridged_rules
from exporter.core.reach.path.holders import holder, unused
from exporter.core.reach.path.link_step import end_faults, gravest, host_end
from exporter.core.reach.path.mac_step import mac_step
from exporter.core.reach.path.mtu_step import mtu_steps
from exporter.core.reach.path.neighbour_step import neighbour_step
from exporter.core.reach.path.trip import Steps, Trip
from exporter.core.reach.path.way_back import way_back
from exporter.core.reach.view import Device


def on_link(trip: Trip, bridge: Device) -> Steps:
    """Yield the steps to an address that is on the network's own bridge, and not the host's."""
    server = holder(trip.context, trip.flow.destination, trip.network)
    if server is None:
        yield unused(trip.context, trip.client, trip.flow.destination, trip.network)
        return
    there = trip.context.visited(server)
    if (lost := lost_address(trip.flow.destination, server, there.view)) is not None:
        yield lost
        return
    device = there.view.device_of(trip.flow.destination)
    if device is None:
        return
    faults = list(end_faults(trip.context, trip.context.home(server), device, trip.network))
    faults += () if faults else _between(trip, server, device)
    yield from faults
    if any(fault.state == FAILED for fault in faults):
        return
    if not faults:
        yield Step(LINK, OK, f"{trip.client.name} and {server.name} are ports of {bridge.link.name}")
    rules = bridged_rules(trip, server, bridge, device)
    yield from rules.steps
    if rules.goes_on:
        yield from filter(None, [_by_the_host(trip, server, bridge)])
        yield from arrival(trip.context, server, device, trip.flow)
        yield from mtu_steps(trip, server, device)


def _by_the_host(trip: Trip, server: Container, bridge: Device) -> Step | None:
    """Return the step of answers that the server sends to its gateway, and the host not back to the bridge.

    So it is where the client uses an address of another network as its source.
    """
    flow, host = trip.flow, trip.context.host.view
    hop = trip.context.visited(server).lookup(RouteQuery(flow.source, flow.destination)).gateway
    if not hop or host.device_of(hop) is None:
        return None
    return way_back(trip.context, RouteQuery(flow.source, flow.destination, bridge.link.ifindex), bridge)


def _between(trip: Trip, server: Container, device: Device) -> list[Step]:
    """What stops a frame between two ports of one bridge."""
    context, client, flow = trip.context, trip.client, trip.flow
    ends = [host_end(context, context.home(client), trip.device), host_end(context, context.home(server), device)]
    if all(end is not None and end.isolated for end in ends):
        detail = f"the ports of {client.name} and {server.name} are isolated"
        command = "".join(f"Run `bridge link set dev {end.link.name} isolated off`." for end in ends[:1] if end)
        return [Step(LINK, FAILED, detail, "port_isolated", command)]
    if len({end.link.master_ifindex for end in ends if end is not None}) > 1:
        return [Step(LINK, FAILED, f"{client.name} and {server.name} are on different bridges", "veth_detached")]
    there, pids = context.visited(server).view, [context.home(one).pid for one in (client, server)]
    return gravest(
        mac_step(context, trip.network, (client, trip.device), (server, device)),
        neighbour_step(trip.view, client.name, pids[0], trip.device, flow.destination, (server.name, device)),
        neighbour_step(there, server.name, pids[1], device, flow.source, (client.name, trip.device)),
    )
