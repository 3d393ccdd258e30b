"""Whether a bridge of the host's own gives frames from outside to the host: by a port that forwards."""

from exporter.core.reach.context import ReachContext
from exporter.core.reach.view import FORWARDING, Device

BRIDGE = "bridge"
VIRTUAL = frozenset({"veth", "tun"})  # kinds of a bridge's ports that lead to no client outside


def leads_out(context: ReachContext, bridge: Device) -> bool:
    """Whether a bridge has a port of another kind than those of containers and virtual machines."""
    return bool(_outer_ports(context, bridge))


def bridge_fault(context: ReachContext, device: Device) -> str:
    """Say why frames from outside do not get through the bridge that a device is, or is a port of; '' if they may.

    Ports of virtual machines keep the carrier of a bridge whose network card has none.
    """
    name = device.link.name
    if device.link.kind == BRIDGE:
        faults = [_port_fault(port) for port in _outer_ports(context, device)]
        return f"no port of {name} passes frames of the outside: {faults[0]}" if faults and all(faults) else ""
    bridge = context.host.view.devices.get(device.link.master_ifindex)
    if bridge is None or bridge.link.kind != BRIDGE:
        return ""
    return _port_fault(device) if bridge.link.up else f"{name} is a port of {bridge.link.name}, which is down"


def _outer_ports(context: ReachContext, bridge: Device) -> list[Device]:
    ports = (port for port in context.host.view.devices.values() if port.link.master_ifindex == bridge.link.ifindex)
    return [port for port in ports if port.link.kind not in VIRTUAL]


def _port_fault(port: Device) -> str:
    name = port.link.name
    if not port.link.up:
        return f"{name} is down"
    if not port.link.carrier:
        return f"{name} is without carrier"
    if port.port_state not in (None, FORWARDING):
        return f"{name} does not forward (STP state {port.port_state})"
    return f"{name} is locked" if port.locked else ""
