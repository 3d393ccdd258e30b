"""Fixed entries of a bridge's table (net/bridge/br_fdb.c): to which port frames to a MAC address go, or to the host."""

from collections.abc import Iterator, Sequence

from exporter.core.explain.path import LINK, UNKNOWN, Step
from exporter.core.reach.view import Device, NamespaceView, Neighbour

End = tuple[str, Device, Device]  # a container's name, its device, and the port of the bridge at its other end


def fixed_elsewhere(view: NamespaceView, ends: Sequence[End]) -> Step | None:
    """Return the step of a MAC address that the table has elsewhere: until the address sends, or for good.

    With a local entry at the right port, frames of other ports go to the host, and those of the host to the port.
    """
    for name, device, end in ends:
        for entry, port in _entries(view, end.link.master_ifindex, device.link.mac_address):
            if port is not end:
                return _step(entry, port, f"which is {name}'s, at {port.link.name}")
            if entry.local and len(ends) > 1:
                return _step(entry, port, f"which is {name}'s, as one of the host")
    return None


def not_to_host(view: NamespaceView, ends: Sequence[End]) -> Step | None:
    """Return the step of frames of a port to the bridge's own MAC address that the bridge does not give to the host.

    None also between two ports, and where nothing was read of the bridge's table.
    """
    bridge = view.devices.get(ends[0][2].link.master_ifindex) if len(ends) == 1 else None
    if bridge is None or not any(entry.local for entry, _ in _entries(view, bridge.link.ifindex)):
        return None
    name, mac_address = bridge.link.name, bridge.link.mac_address
    found = list(_entries(view, bridge.link.ifindex, mac_address))
    if any(entry.local for entry, _ in found):
        return None
    ports = ", ".join(port.link.name for _, port in found)
    where = f"at {ports}" if ports else "nowhere in its table"
    detail = f"{name} has its own MAC address {mac_address} {where}: frames to the host do not arrive"
    command = f"Run `bridge fdb replace {mac_address} dev {name} self permanent`."
    return Step(LINK, UNKNOWN, detail, "wrong_neighbour", command)


def _entries(view: NamespaceView, bridge: int, mac_address: str | None = None) -> Iterator[tuple[Neighbour, Device]]:
    """Yield the fixed entries of the bridge with its ifindex, of all MAC addresses for None."""
    for entry in view.neighbours:
        port = view.devices.get(entry.ifindex)
        if entry.address or port is None or bridge not in (port.link.master_ifindex, port.link.ifindex):
            continue
        if mac_address in (None, entry.mac_address):
            yield entry, port


def _step(entry: Neighbour, port: Device, where: str) -> Step:
    detail = f"the bridge has a fixed entry of {entry.mac_address}, {where}"
    command = f"Run `bridge fdb del {entry.mac_address} dev {port.link.name} master`."
    return Step(LINK, UNKNOWN, detail, "wrong_neighbour", command)
