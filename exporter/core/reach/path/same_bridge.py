"""The way to an address on the client's own network."""

from exporter.core.explain.path import FAILED, LINK, OK, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import FORWARD, POSTROUTING, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import FILTER
from exporter.core.reach.context import MAX_SEARCHED
from exporter.core.reach.path.arrival import arrival, lost_address
from exporter.core.reach.path.link_step import end_faults, host_end
from exporter.core.reach.path.mtu_step import mtu_steps
from exporter.core.reach.path.rule_steps import host_rules_step, undecided
from exporter.core.reach.path.trip import Steps, Trip
from exporter.core.reach.view import Device

BRIDGED = (PREROUTING, FORWARD, POSTROUTING)


def on_link(trip: Trip, bridge: Device) -> Steps:
    """Yield the steps to an address that is on the network's own bridge, and not the host's."""
    server = _holder(trip)
    if server is None:
        yield _unused(trip)
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
    rules = list(_rules(trip, server, bridge, device))
    yield from rules
    if all(step.state in (OK, UNKNOWN) for step in rules):
        yield from arrival(trip.context, server, device, trip.flow)
        yield from mtu_steps(trip, bridge, server, device)


def _holder(trip: Trip) -> Container | None:
    owner = trip.context.owner_of(trip.flow.destination, trip.network)
    if owner is not None and (trip.network is None or owner[1].network_id == trip.network.id):
        return owner[0]
    return trip.context.holder_of(trip.flow.destination, trip.network) if trip.network else None


def _unused(trip: Trip) -> Step:
    """The step of an address that no container on the network has."""
    address, network = trip.flow.destination, trip.network_name or "this link"
    owner = trip.context.owner_of(address)
    if owner is not None:
        detail = f"{address} is {owner[0].name} on {owner[1].network}, and {trip.client.name} looks for it on {network}"
        return Step(LINK, FAILED, detail, "subnet_overlap")
    detail = f"{address} is in the subnet of network {network}, and no container on it has it"
    if trip.network is None or len(list(trip.context.members(trip.network))) > MAX_SEARCHED or _has_other_ports(trip):
        return Step(LINK, UNKNOWN, detail, "address_unused")
    return Step(LINK, FAILED, detail, "address_unused")


def _has_other_ports(trip: Trip) -> bool:
    """Whether the bridge has a port that is not a container's: a virtual machine, a cable."""
    context = trip.context
    ports = {attachment.veth.ifindex for attachment in context.observation.topology.attachments if attachment.veth}
    devices = context.host.view.devices
    bridge = next((d for d in devices.values() if trip.network and d.link.name == trip.network.bridge), None)
    masters = (d for d in devices.values() if bridge is not None and d.link.master_ifindex == bridge.link.ifindex)
    return any(device.link.ifindex not in ports for device in masters)


def _between(trip: Trip, server: Container, device: Device) -> list[Step]:
    """What stops a frame between two ports of one bridge."""
    context, address = trip.context, trip.flow.destination
    ends = [host_end(context, trip.client, trip.device), host_end(context, server, device)]
    if all(end is not None and end.isolated for end in ends):
        return [Step(LINK, FAILED, f"the ports of {trip.client.name} and {server.name} are isolated", "port_isolated")]
    for entry in trip.view.neighbours:
        here = (entry.ifindex, entry.address) == (trip.device.link.ifindex, address)
        if here and entry.mac_address != device.link.mac_address:
            detail = f"{trip.client.name} has a permanent neighbour entry of {address} with {entry.mac_address}"
            pid, name = context.home(trip.client).pid, trip.device.link.name
            command = f"Run `nsenter -t {pid} -n ip neighbour del {address} dev {name}`."
            return [
                Step(
                    LINK,
                    FAILED,
                    f"{detail}, and {server.name} has {device.link.mac_address}",
                    "wrong_neighbour",
                    command,
                )
            ]
    return []


def _rules(trip: Trip, server: Container, bridge: Device, device: Device) -> Steps:
    """Yield the step of the host's rules for bridged packets, there and back."""
    context, flow, name = trip.context, trip.flow, bridge.link.name
    version = 6 if flow.family == "ip6" else 4
    filtered = version in context.host.view.bridge_filter | bridge.filters
    ends = [
        end.link.name for end in (host_end(context, trip.client, trip.device), host_end(context, server, device)) if end
    ]
    firewall = context.host_firewall([name, *ends], bridged=not filtered)
    if firewall is None:
        yield Step(FILTER, UNKNOWN, "the host's firewall rules could not be read", "rules_unknown")
        return
    packet = flow.packet(iif=name, oif=name)
    sent = walk(firewall, packet, BRIDGED)
    networks = trip.network, trip.network
    yield from filter(None, [host_rules_step(context, sent, f"packets to {server.name}", networks)])
    if sent.dropped:
        return
    back: Packet = answer_to(packet, sent.packet, packet)
    answered = walk(firewall, back._replace(iif=name, oif=name), BRIDGED)
    step = host_rules_step(context, answered, f"the answers of {server.name}", networks)
    if step is not None:
        yield step
    elif undecided(sent) is None:
        why = "no rule of the host drops it" if filtered else "rules of IP do not apply to bridged packets here"
        yield Step(FILTER, OK, f"on {name} {why}")
