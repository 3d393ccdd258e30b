"""By which devices answers to clients outside should leave the host: the ones beyond which the clients are."""

from collections.abc import Collection
from ipaddress import ip_address

from exporter.core.model.routes import Route
from exporter.core.reach.context import ReachContext
from exporter.core.reach.question import ANYWHERE
from exporter.core.reach.uplinks import TUNNELS


def elsewhere(context: ReachContext, client: str, leaving: Collection[int], home: int) -> str:
    """Name the devices by which answers to a client leave where it is beyond other ones; '' where it may get them.

    `home` is the device by which the packets of a client on an uplink's network came.
    """
    homes = _default_devices(context, client) if client in ANYWHERE else {home, *_neighbours(context, client)}
    if not leaving or not homes or not homes.isdisjoint(leaving):
        return ""
    return " or ".join(name_of(context, ifindex) for ifindex in sorted(leaving))


def has_default_route(context: ReachContext, client: str) -> bool:
    """Whether the main table has a default route, by which a client of the internet is reached."""
    return bool(_default_devices(context, client))


def name_of(context: ReachContext, ifindex: int) -> str:
    """Return the name of a device of the host."""
    device = context.host.view.devices.get(ifindex)
    return device.link.name if device else "another device"


def _neighbours(context: ReachContext, client: str) -> set[int]:
    """The devices that are on the client's network: the longest prefix counts."""
    address = ip_address(client)
    found = [route for route in _routes(context, address.version) if not route.gateway and address in route.destination]
    longest = max((route.destination.prefixlen for route in found), default=0)
    return {route.ifindex for route in found if route.destination.prefixlen == longest}


def _default_devices(context: ReachContext, client: str) -> set[int]:
    """The devices with a default route, without the tunnels of VPNs where another one has it, too."""
    found = {route.ifindex for route in _routes(context, ip_address(client).version) if not route.destination.prefixlen}
    devices = context.host.view.devices
    return {one for one in found if one in devices and devices[one].link.kind not in TUNNELS} or found


def _routes(context: ReachContext, version: int) -> list[Route]:
    """The routes of the main table."""
    routes = context.observation.topology.devices.routes or ()
    return [route for route in routes if route.destination.version == version]
