"""From the host to a container: the way from a bridge into the server's namespace."""

from exporter.core.explain.path import FAILED, LINK, OK, Step
from exporter.core.model.docker import Container, Network
from exporter.core.model.fib import RouteQuery
from exporter.core.reach.arrival import arrival, lost_address
from exporter.core.reach.holders import holder, unused
from exporter.core.reach.link_step import end_faults
from exporter.core.reach.neighbour_step import neighbour_step
from exporter.core.reach.scene import Scene
from exporter.core.reach.trip import Flow, Steps, Trip
from exporter.core.reach.view import Device


def delivered(trip: Trip, flow: Flow, network: Network, bridge: Device) -> Steps:
    """Yield the steps from a network's bridge to the container with the address; `flow` is as the server sees it."""
    server = holder(trip.scene, flow.destination, network)
    if server is None:
        yield unused(trip.scene, trip.client, flow.destination, network)
        return
    yield from to_server(trip, flow, server, network, bridge)


def to_server(trip: Trip, flow: Flow, server: Container, network: Network | None, bridge: Device | None) -> Steps:
    """Yield the steps from a bridge into a container's namespace."""
    scene = trip.scene
    there = scene.visited(server)
    if (lost := lost_address(flow.destination, server, there.view)) is not None:
        yield lost
        return
    device = there.view.device_of(flow.destination)
    if device is None:
        return
    faults = list(end_faults(scene, scene.home(server), device, network))
    faults += [] if faults else _neighbours(scene, server, device, bridge, flow)
    yield from faults
    if any(fault.state == FAILED for fault in faults):
        return
    if not faults:
        on = bridge.link.name if bridge else network.name if network else "the host"
        yield Step(LINK, OK, f"{server.name} is a port of {on} with {device.link.name}")
    yield from arrival(scene, server, device, flow)


def _neighbours(scene: Scene, server: Container, device: Device, bridge: Device | None, flow: Flow) -> list[Step]:
    """What sends the packets of the host to another device, or the answers of the server on the bridge."""
    if bridge is None:
        return []
    view, pid = scene.visited(server).view, scene.home(server).pid
    hop = scene.visited(server).lookup(RouteQuery(flow.source)).gateway or flow.source
    steps = (
        neighbour_step(scene.host.view, "the host", 0, bridge, flow.destination, (server.name, device)),
        neighbour_step(view, server.name, pid, device, hop, (bridge.link.name, bridge)),
    )
    return [step for step in steps if step is not None][:1]
