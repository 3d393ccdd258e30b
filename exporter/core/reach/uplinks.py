"""Whether clients outside reach the host at all: by a device with an address, carrier and ARP.

A host without any such device, as one inside a sandbox, has no clients outside, and nothing to say about them.
"""

from collections.abc import Collection
from ipaddress import ip_address

from exporter.core.explain.path import HOST, UNKNOWN, Path, Step
from exporter.core.model.fib import LOCAL, RouteQuery
from exporter.core.nat.ruleset import IP, IP6
from exporter.core.reach.context import ReachContext
from exporter.core.reach.discovery import hosts_discovery_step
from exporter.core.reach.gateway import gateway_step
from exporter.core.reach.uplink_bridge import BRIDGE, bridge_fault, leads_out
from exporter.core.reach.view import NAMESPACE, Device
from exporter.core.topology.route_queries import outside_client

LOOPBACK, VETH = "lo", "veth"
WITHOUT_ARP = frozenset({"ipvlan"})  # in its mode l3; devices of PPP and of modems have no MAC address
IPV6 = 6
IPV4 = 4  # a host without any address of IPv6 is an ordinary one
TUNNELS = frozenset({"tun", "wireguard", "dummy", "ipip", "gre", "sit", "vxlan", "ifb"})


def uplink_step(context: ReachContext, path: Path) -> Step | None:
    """Return the step of a port that clients outside do not reach, whatever its rules; None where some may."""
    addresses = [one for one in path.addresses if one and not ip_address(one).is_loopback]
    if not addresses or context.host.view.missing(NAMESPACE):
        return None
    used = outside_versions(context)
    # A port of both families is not reached by IPv6 where no device has an address of it.
    known = [one for one in addresses if ip_address(one).version in (used or {IPV4})] or addresses
    faults = [_fault(context, address) for address in known]
    if not all(faults):
        if duplicate := _duplicate(context, addresses, used):
            return Step(HOST, UNKNOWN, f"over IPv6 alone: {duplicate}", "address_lost")
        versions = {ip_address(one).version for one in known}
        lost = [
            f"IPv{ip_address(one).version} alone: {fault}" for one, fault in zip(known, faults, strict=True) if fault
        ]
        if lost:
            return Step(HOST, UNKNOWN, f"over {lost[0]}", "uplink_down")
        return _filter_step(context) or gateway_step(context, versions) or _discovery_step(context, versions)
    detail = f"no client outside reaches the host: {faults[0]}; connections of the host itself do not need it"
    return Step(HOST, UNKNOWN, detail, "uplink_down")


def outside_versions(context: ReachContext) -> set[int]:
    """Return the IP versions of which a device to the outside has an address that it uses."""
    devices = _outer_devices(context)
    return {ip_address(one).version for device in devices for one in device.addresses if _is_used(device, one)}


def _is_used(device: Device, address: str) -> bool:
    return _is_global(address) and address not in device.duplicates


def _duplicate(context: ReachContext, addresses: list[str], used: set[int]) -> str:
    """Say that another host has the address over which clients would come by IPv6; '' where there is another one."""
    wanted = {IPV6 for one in addresses if ip_address(one).version == IPV6} - used
    found = [(d, one) for d in _outer_devices(context) for one in d.addresses if one in d.duplicates]
    lost = [(device, one) for device, one in found if wanted and _is_global(one)]
    return f"{lost[0][1]} of {lost[0][0].link.name} is not used: another device on the link has it" if lost else ""


def _filter_step(context: ReachContext) -> Step | None:
    """Return the step of rules for ARP at every uplink; those for IP are steps already."""
    devices = [device for device in _outer_devices(context) if not _fault_of(context, device, IPV4)]
    found = [context.host.view.filters_at(device) for device in devices]
    if not found or not all(found):
        return None
    return Step(HOST, UNKNOWN, f"not evaluated: {', '.join(found)}", "rule_not_understood")


def _discovery_step(context: ReachContext, versions: Collection[int]) -> Step | None:
    """Return the step of rules for which no client on any uplink's network finds the host by an IP version."""
    for version, family, has_address in ((IPV4, IP, _is_routable), (IPV6, IP6, _is_global6)):
        devices = [d for d in _outer_devices(context) if version in versions and any(map(has_address, d.addresses))]
        found = [hosts_discovery_step(context, device, family) for device in devices]
        if found and all(found):
            return found[0]
    return None


def _globals(device: Device, version: int) -> list[str]:
    return [one for one in device.addresses if ip_address(one).version == version and _is_global(one)]


def _is_global6(text: str) -> bool:
    return ":" in text and _is_global(text)


def _fault(context: ReachContext, address: str) -> str:
    """Say why no device brings packets to an address of the host, '' where one does or where there is none."""
    version = ip_address(address).version
    devices = _outer_devices(context)
    own = [device for device in devices if address in device.addresses]
    holder = context.host.view.device_of(address)
    if version == IPV4 and holder is not None and not own and devices and all(map(_is_silent, devices)):
        return f"{address} is an address of {holder.link.name}, and no uplink answers ARP for it (arp_ignore)"
    faults = [_fault_of(context, device, version) or _refusal(context, device, address) for device in own or devices]
    return faults[0] if faults and all(faults) else ""


def _refusal(context: ReachContext, device: Device, address: str) -> str:
    """Say that the host takes no packets to its address, or to any one of the device where it is the wildcard."""
    version, topology = ip_address(address).version, context.observation.topology
    client = outside_client(topology, device.link, version)
    if not client:
        return ""
    any_address, held = ip_address(address).is_unspecified, context.host.view.device_of(address) is not None
    wanted = _globals(device, version) if any_address else [address] if held else []
    found = [context.host.lookup(RouteQuery(one, client, device.link.ifindex)) for one in wanted]
    if found and all(result.type != LOCAL and not result.error for result in found):
        return f"packets to {wanted[0]} are not for the host, as its table local has no route for it"
    return ""


def _fault_of(context: ReachContext, device: Device, version: int) -> str:
    name = device.link.name
    if not device.link.up or not device.link.carrier:
        return f"{name} is {'without carrier' if device.link.up else 'down'}"
    if version == IPV4 and not any(_is_routable(address) for address in device.addresses):
        return f"{name} has no IPv4 address"
    if bridged := bridge_fault(context, device):
        return bridged
    if not device.link.mac_address or device.link.kind in WITHOUT_ARP:
        return ""
    if not device.arp:
        return f"ARP is off on {name}"
    return "" if device.answers else f"{name} may not answer ARP (arp_ignore)"


def _is_silent(device: Device) -> bool:
    """Whether it does not answer ARP for addresses of other devices."""
    return device.own_only and bool(device.link.mac_address)


def _is_global(text: str) -> bool:
    return not ip_address(text).is_link_local


def _is_routable(text: str) -> bool:
    address = ip_address(text)
    return address.version == IPV4 and not address.is_link_local


def _outer_devices(context: ReachContext) -> list[Device]:
    """The host's devices other than Docker's, those of other containers, and tunnels: uplinks first."""
    view, uplinks = context.host.view, {link.name for link in context.observation.topology.uplinks}
    dockers = {network.bridge for network in context.networks.values()}
    sandboxes = set(context.observation.topology.devices.sandboxes.values())
    found = [
        device
        for device in view.devices.values()
        if device.link.name not in (LOOPBACK, *dockers)
        and device.link.kind not in TUNNELS
        and (not device.link.master_ifindex or any(map(_is_routable, device.addresses)))  # a port of a VRF device
        and device.link.peer_nsid not in sandboxes
        and (device.link.kind != BRIDGE or device.link.name in uplinks or leads_out(context, device))
    ]
    return sorted(found, key=lambda device: (device.link.name not in uplinks, device.link.kind == VETH))


def is_outer(context: ReachContext, ifindex: int) -> bool:
    """Whether clients outside may come by a device; 0 is any device. Tunnels count: clients come by them, too."""
    device = context.host.view.devices.get(ifindex)
    if device is None or device.link.kind in TUNNELS:
        return True
    return device in _outer_devices(context)
