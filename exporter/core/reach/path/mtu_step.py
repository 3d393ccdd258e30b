"""Whether large packets arrive: the MTU of the devices of one layer 2 network, and of that by which packets leave."""

from ipaddress import ip_address

from exporter.core.explain.path import OK, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import STATE_RELATED
from exporter.core.nat.walk.firewall import OUTPUT, POSTROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.reach.answer import MTU
from exporter.core.reach.context import ReachContext
from exporter.core.reach.namespace_rules import family_name
from exporter.core.reach.path.link_step import host_end
from exporter.core.reach.path.trip import Steps, Trip
from exporter.core.reach.view import Device

ICMP = {4: "icmp", 6: "ipv6-icmp"}


def mtu_steps(trip: Trip, server: Container, device: Device) -> Steps:
    """Yield the step of both devices and of their host ends.

    A frame that is larger than the MTU of a port or of the other end of a veth is dropped without an error
    (net/bridge/br_forward.c, drivers/net/veth.c: is_skb_forwardable); the bridge's own MTU limits what the host sends.
    Small packets pass, so it is a warning.
    """
    sizes: dict[str, int] = {}
    for container, own in ((trip.client, trip.device), (server, device)):
        end = host_end(trip.context, trip.context.home(container), own)
        sizes |= {f"{own.link.name} of {container.name}": own.link.mtu}
        sizes |= {end.link.name: end.link.mtu} if end else {}
    least, most = min(sizes.values()), max(trip.device.link.mtu, device.link.mtu)
    if most <= least:
        yield Step(MTU, OK, f"all devices take {least} bytes")
        return
    smallest = next(name for name, size in sizes.items() if size == least)
    detail = f"packets over {least} bytes are lost without an error: the MTU of {smallest} is {least}, of others {most}"
    yield Step(MTU, UNKNOWN, detail, "mtu_mismatch")


def own_end_step(context: ReachContext, container: Container, device: Device) -> Step | None:
    """Return the step of a container's device that sends larger frames than the host's end of it takes.

    The host announces no other limit to the container, so packets of TCP are lost as well.
    """
    end = host_end(context, context.home(container), device)
    if end is None or not 0 < end.link.mtu < device.link.mtu:
        return None
    least, name = end.link.mtu, f"{device.link.name} of {container.name}"
    detail = f"packets of {name} over {least} bytes are lost without an error: its MTU is {device.link.mtu}, that of "
    return Step(MTU, UNKNOWN, f"{detail}{end.link.name} {least}", "mtu_mismatch")


def path_mtu_step(
    context: ReachContext, whose: Container, device: Device, peer: str, bridge: Device | None
) -> Step | None:
    """Return the step of large packets to `peer` that the host refuses with an error which its rules drop, or may.

    None where the container's packets fit the device by which they leave.
    """
    route = context.host.lookup(RouteQuery(peer))
    out = context.host.view.devices.get(route.ifindex)
    limits = (context.visited(whose).lookup(RouteQuery(peer)).mtu, device.link.mtu)
    sent = min(filter(None, limits), default=0)
    narrow = route.mtu or (out.link.mtu if out else 0)
    if bridge is None or out is None or not 0 < narrow < sent:
        return None
    by = _dropped_by(context, bridge, next(iter(_own(device, peer)), ""))
    if not by:
        return None
    detail = f"packets of {whose.name} over {narrow} bytes do not fit {out.link.name}: "
    return Step(MTU, UNKNOWN, f"{detail}{by} may drop the host's ICMP errors about that", "icmp_dropped")


def _own(device: Device, peer: str) -> list[str]:
    return [one for one in device.addresses if ip_address(one).version == ip_address(peer).version]


def _dropped_by(context: ReachContext, bridge: Device, address: str) -> str:
    """Name the rule or policy that drops ICMP errors from the host to an address, '' where nothing does."""
    firewall = context.host_firewall([bridge.link.name])
    sources = _own(bridge, address) if address else []
    if firewall is None or not sources:
        return ""
    packet = Packet(
        oif=bridge.link.name,
        src=number_of(sources[0]),
        dst=number_of(address),
        protocol=ICMP[ip_address(address).version],
        state=STATE_RELATED,
        family=family_name(address),
        from_host=True,
    )
    sent = walk(firewall, packet, (OUTPUT, POSTROUTING))
    if sent.dropped and sent.decision is not None:
        return decided_by(sent.decision)
    return next((decided_by(one) for one in sent.unclear), "")
