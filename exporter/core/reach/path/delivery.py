"""From the host to a container: the way from a bridge into the server's namespace."""

from exporter.core.explain.path import FAILED, LINK, OK, Step
from exporter.core.model.docker import Container, Network
from exporter.core.model.fib import RouteQuery
from exporter.core.reach.context import ReachContext
from exporter.core.reach.discovery import hosts_discovery_step
from exporter.core.reach.path.arrival import arrival, lost_address
from exporter.core.reach.path.holders import holder, unused
from exporter.core.reach.path.link_step import end_faults, gravest, host_end
from exporter.core.reach.path.mac_step import mac_step
from exporter.core.reach.path.mtu_step import own_end_step, path_mtu_step
from exporter.core.reach.path.neighbour_step import Named, neighbour_step
from exporter.core.reach.path.trip import Flow, Steps, Trip
from exporter.core.reach.sent_packets import tracking_step
from exporter.core.reach.view import Device


def delivered(trip: Trip, flow: Flow, network: Network, bridge: Device) -> Steps:
    """Yield the steps from a network's bridge to the container with the address; `flow` is as the server sees it."""
    server = holder(trip.context, flow.destination, network)
    if server is None:
        yield unused(trip.context, trip.client, flow.destination, network)
        return
    yield from to_server(trip.context, flow, server, network, bridge)


def to_server(
    context: ReachContext, flow: Flow, server: Container, network: Network | None, bridge: Device | None
) -> Steps:
    """Yield the steps from a bridge into a container's namespace."""
    there = context.visited(server)
    if (lost := lost_address(flow.destination, server, there.view)) is not None:
        yield lost
        return
    device = there.view.device_of(flow.destination)
    if device is None:
        return
    faults = list(end_faults(context, context.home(server), device, network))
    faults += [] if faults else _neighbours(context, server, device, bridge, flow)
    yield from faults
    if any(fault.state == FAILED for fault in faults):
        return
    end = host_end(context, context.home(server), device)
    ports = (end.link.name,) if end else ()
    found = hosts_discovery_step(context, bridge, flow.family, ports) if bridge else None
    yield from filter(None, [tracking_step(context.host.view, flow.protocol), found])
    if not faults:
        on = bridge.link.name if bridge else network.name if network else "the host"
        yield Step(LINK, OK, f"{server.name} is a port of {on} with {device.link.name}")
    yield from arrival(context, server, device, flow)
    large = path_mtu_step(context, server, device, flow.source, bridge)
    yield from filter(None, [own_end_step(context, server, device), large])


def _neighbours(
    context: ReachContext, server: Container, device: Device, bridge: Device | None, flow: Flow
) -> list[Step]:
    """What sends the packets of the host to another device, or the answers of the server on the bridge."""
    if bridge is None:
        return []
    view, pid = context.visited(server).view, context.home(server).pid
    network = context.network_of_bridge(bridge.link.name)
    hop = context.visited(server).lookup(RouteQuery(flow.source)).gateway or flow.source
    return gravest(
        mac_step(context, network, (server, device)),
        neighbour_step(context.host.view, "the host", 0, bridge, flow.destination, (server.name, device)),
        neighbour_step(view, server.name, pid, device, hop, _next_hop(context, hop, network, bridge)),
    )


def _next_hop(context: ReachContext, hop: str, network: Network | None, bridge: Device) -> Named:
    """Return the device that answers go to: a container's on the network, which has the address, or the bridge."""
    if context.host.view.device_of(hop) is None and (owner := holder(context, hop, network)) is not None:
        device = context.visited(owner).view.device_of(hop)
        if device is not None:
            return owner.name, device
    return bridge.link.name, bridge
