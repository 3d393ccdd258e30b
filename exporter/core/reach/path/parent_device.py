"""The way of a macvlan or ipvlan device: by its parent, past the host's bridges and rules."""

from exporter.core.explain.path import FAILED, LINK, OK, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.reach.answer import OUTSIDE
from exporter.core.reach.path.arrival import arrival, lost_address
from exporter.core.reach.path.link_step import device_fault
from exporter.core.reach.path.rule_steps import filter_step, unread_step
from exporter.core.reach.path.trip import Steps, Trip
from exporter.core.reach.view import NAMESPACE, Device

IPVLAN = "ipvlan"
PRIVATE, VEPA = 1, 2  # linux/if_link.h: enum macvlan_mode
WITHOUT_NEIGHBOURS = {PRIVATE: "private", VEPA: "vepa"}
KINDS = frozenset({"macvlan", "macvtap", IPVLAN})


def by_parent(trip: Trip) -> Steps:
    """Yield the steps from such a device."""
    context, flow, name = trip.context, trip.flow, trip.device.link.name
    if (why := context.host.view.missing(NAMESPACE)) is not None:
        yield unread_step(LINK, "the host's devices could not be read", why)
        return
    parent = context.host.view.devices.get(trip.device.link.peer_ifindex)
    if parent is None or trip.device.link.kind == IPVLAN:
        # An ipvlan device in mode l3s meets the host's rules (linux/if_link.h: IPVLAN_MODE_L3S).
        yield Step(LINK, UNKNOWN, f"the way of {name} over its parent is not evaluated", "link_unknown")
        return
    if not (parent.link.up and parent.link.carrier):
        state = "without carrier" if parent.link.up else "down"
        yield Step(LINK, FAILED, f"{parent.link.name}, the parent of {name}, is {state}", "uplink_down")
        return
    if (filters := filter_step(LINK, context.host.view, parent)) is not None:
        yield filters
    own = context.host.view.device_of(flow.destination) if not trip.route.gateway else None
    yield from _to_the_host(trip, parent, own) if own is not None else _to_another(trip, parent)


def _mode_fault(trip: Trip, server: Container, device: Device) -> Step | None:
    """The step of two macvlan devices of one parent that are not both in the mode bridge."""
    mode = next((one for one in WITHOUT_NEIGHBOURS if one in (trip.device.mode, device.mode)), None)
    if mode is None:
        return None
    what = f"{trip.client.name} and {server.name} are macvlan devices of one parent, in mode {WITHOUT_NEIGHBOURS[mode]}"
    if mode == PRIVATE:
        return Step(LINK, FAILED, f"{what}: they do not reach each other", "macvlan_mode")
    return Step(LINK, UNKNOWN, f"{what}: whether a switch returns their frames is not known", "macvlan_mode")


def _to_the_host(trip: Trip, parent: Device, own: Device) -> Steps:
    """An address of the host on the link: the parent drops it, another macvlan device of the parent may get it."""
    to, name = trip.flow.destination, parent.link.name
    if own.link.kind in KINDS and own.link.peer_ifindex == parent.link.ifindex:
        detail = f"{to} is the host's address on {own.link.name}: packets between both devices are not evaluated"
        yield Step(LINK, UNKNOWN, detail, "link_unknown")
        return
    detail = f"{to} is the host's own address: a {trip.device.link.kind} device does not reach it over {name}"
    yield Step(LINK, FAILED, detail, "macvlan_host")


def _to_another(trip: Trip, parent: Device) -> Steps:
    context, flow, name = trip.context, trip.flow, parent.link.name
    owner = context.owner_of(flow.destination, trip.network)
    inner = context.network_with(flow.destination)
    if inner is not None:
        detail = f"{flow.destination} is in the subnet of network {inner.name} of this host, and packets to it leave by"
        yield Step(LINK, UNKNOWN, f"{detail} {name}: whether a router returns them is not known", "link_unknown")
        return
    if owner is None or trip.network is None or owner[1].network_id != trip.network.id:
        yield Step(OUTSIDE, OK, f"it leaves the host by {name} as {flow.source}; what lies beyond is not evaluated")
        return
    server, there = owner[0], context.visited(owner[0])
    if (lost := lost_address(flow.destination, server, there.view)) is not None:
        yield lost
    elif (device := there.view.device_of(flow.destination)) is not None:
        fault = device_fault(context, context.home(server), device, trip.network) or _mode_fault(trip, server, device)
        what = f"{trip.client.name} and {server.name} are {trip.device.link.kind} devices of {name}"
        yield fault or Step(LINK, OK, what)
        if fault is None or fault.state == UNKNOWN:
            yield from arrival(context, server, device, flow)
