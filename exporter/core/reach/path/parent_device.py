"""The way of a macvlan or ipvlan device: by its parent, past the host's bridges and rules."""

from exporter.core.explain.path import FAILED, LINK, OK, UNKNOWN, Step
from exporter.core.reach.answer import OUTSIDE
from exporter.core.reach.path.arrival import arrival, lost_address
from exporter.core.reach.path.trip import Steps, Trip

KINDS = frozenset({"macvlan", "macvtap", "ipvlan"})


def by_parent(trip: Trip) -> Steps:
    """Yield the steps from such a device."""
    context, flow, kind = trip.context, trip.flow, trip.device.link.kind
    parent = context.host.view.devices.get(trip.device.link.peer_ifindex)
    if parent is None:
        yield Step(LINK, UNKNOWN, f"the parent of {trip.device.link.name} is not known", "link_unknown")
        return
    name = parent.link.name
    if not (parent.link.up and parent.link.carrier):
        yield Step(LINK, FAILED, f"{name}, the parent of {trip.device.link.name}, is down", "uplink_down")
        return
    if context.host.view.device_of(flow.destination) is not None:
        detail = f"{flow.destination} is the host's own address: a {kind} device does not reach it over {name}"
        yield Step(LINK, FAILED, detail, "macvlan_host")
        return
    owner = context.owner_of(flow.destination, trip.network)
    if owner is None or trip.network is None or owner[1].network_id != trip.network.id:
        yield Step(OUTSIDE, OK, f"it leaves the host by {name} as {flow.source}; what lies beyond is not evaluated")
        return
    there = context.visited(owner[0])
    if (lost := lost_address(flow.destination, owner[0], there.view)) is not None:
        yield lost
    elif (device := there.view.device_of(flow.destination)) is not None:
        yield Step(LINK, OK, f"{trip.client.name} and {owner[0].name} are {kind} devices of {name}")
        yield from arrival(context, owner[0], device, flow)
