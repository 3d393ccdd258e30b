"""From the host to a container: the way from a bridge into the server's namespace."""

from exporter.core.explain.path import FAILED, LINK, OK, Step
from exporter.core.model.docker import Container, Network
from exporter.core.reach.path.arrival import arrival, lost_address
from exporter.core.reach.path.link_step import end_faults
from exporter.core.reach.path.trip import Flow, Steps, Trip
from exporter.core.reach.view import Device


def delivered(trip: Trip, flow: Flow, network: Network, bridge: Device) -> Steps:
    """Yield the steps from a network's bridge to the container with the address; `flow` is as the server sees it."""
    context = trip.context
    owner = context.owner_of(flow.destination, network)
    server = owner[0] if owner and owner[1].network_id == network.id else context.holder_of(flow.destination, network)
    if server is None:
        detail = f"{flow.destination} is in the subnet of network {network.name}, and no container has it"
        yield Step(LINK, FAILED, detail, "address_unused")
        return
    yield from to_server(trip, flow, server, network, bridge)


def to_server(trip: Trip, flow: Flow, server: Container, network: Network | None, bridge: Device | None) -> Steps:
    """Yield the steps from a bridge into a container's namespace."""
    context = trip.context
    there = context.visited(server)
    if (lost := lost_address(flow.destination, server, there.view)) is not None:
        yield lost
        return
    device = there.view.device_of(flow.destination)
    if device is None:
        return
    faults = list(end_faults(context, context.home(server), device, network))
    yield from faults
    if any(fault.state == FAILED for fault in faults):
        return
    if not faults:
        on = bridge.link.name if bridge else network.name if network else "the host"
        yield Step(LINK, OK, f"{server.name} is a port of {on} with {device.link.name}")
    yield from arrival(context, server, device, flow)
