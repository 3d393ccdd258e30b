"""Addresses of Docker's networks: used and available.

Counted as Docker does (Engine API 1.52: Status.IPAM): an IPv4 subnet's own and broadcast address are used, of IPv6 the
first one; a gateway is used; addresses are assigned from the range where one is configured.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from msgspec import Struct

from exporter.core.model.docker import Inventory, Network, Subnet
from exporter.core.model.memo import IdentityMemo
from exporter.core.topology.subnets import parse_subnet, subnets_with_gateways
from exporter.core.topology.topology import Topology

Address = IPv4Address | IPv6Address
Span = IPv4Network | IPv6Network

MAX_ADDRESSES = 1 << 32
IPV4 = 4
SMALLEST_WITH_BROADCAST = 4  # a /31 has two addresses, and both may be handed out


class SubnetUse(Struct, frozen=True):
    """A subnet of a local network: `capacity` is the maximum for its endpoints, `available` what is left of it.

    `assigned` is the range that addresses are assigned from: the configured one, or the subnet.
    """

    network: str
    subnet: str
    version: int
    used: int
    available: int
    capacity: int
    assigned: str = ""


def subnet_uses(topology: Topology) -> tuple[SubnetUse, ...]:
    """Return the uses of all subnets, by network and subnet.

    Where the engine reports its own count, that is used: it includes reservations that are visible nowhere else.
    """
    held = _held(topology.inventory)
    found = []
    for network in topology.inventory.networks.values():
        for subnet in subnets_with_gateways(topology, network) if network.scope == "local" else ():
            span = parse_subnet(subnet.subnet)
            # 0.0.0.0/0 means that Docker does not assign the addresses itself.
            if span is not None and span.prefixlen and span.num_addresses <= MAX_ADDRESSES:
                figures = topology.inventory.address_use.get(network.id, {}).get(subnet.subnet)
                found.append(_use(network, subnet, span, held.get(network.id, frozenset()), figures))
    return tuple(sorted(found, key=lambda use: (use.network, use.subnet)))


def _use(
    network: Network, subnet: Subnet, span: Span, held: Iterable[Address], figures: tuple[int, int] | None
) -> SubnetUse:
    handed_out = parse_subnet(subnet.ip_range) or span
    reserved = _reserved(subnet, span)
    endpoints = {address for address in held if address in span} - reserved
    capacity = handed_out.num_addresses - sum(address in handed_out for address in reserved)
    used = len(reserved) + len(endpoints)
    available = capacity - sum(address in handed_out for address in endpoints)
    if figures is not None:
        used, available = figures
    assigned = subnet.ip_range or subnet.subnet
    return SubnetUse(network.name, subnet.subnet, span.version, used, available, capacity, assigned)


def _reserved(subnet: Subnet, span: Span) -> set[Address]:
    reserved: set[Address] = set()
    if span.version != IPV4:
        reserved.add(span[0])
    elif span.num_addresses >= SMALLEST_WITH_BROADCAST:
        reserved |= {span[0], span[-1]}
    known = (parse_address(text) for text in (subnet.gateway, *subnet.auxiliary))
    return reserved | {address for address in known if address is not None and address in span}


def _addresses(inventory: Inventory) -> dict[str, set[Address]]:
    """Return network id -> the addresses of its live endpoints, Docker's own pseudo endpoints included."""
    texts: dict[str, set[str]] = {}
    listed: set[tuple[str, str]] = set()
    for container in inventory.containers.values():
        for endpoint in container.endpoints if container.live else ():
            texts.setdefault(endpoint.network_id, set()).update((endpoint.ip_address, endpoint.ip6_address))
            listed.add((endpoint.network_id, container.id))
    for network_id, members in inventory.members.items():
        # What a container says itself goes before: the two were not read at the same moment.
        others = [member for member in members if (network_id, member.container_id) not in listed]
        texts.setdefault(network_id, set()).update(text for m in others for text in (m.ip_address, m.ip6_address))
    return {
        network_id: {parsed for text in found if (parsed := parse_address(text)) is not None}
        for network_id, found in texts.items()
    }


_held = IdentityMemo(_addresses)


@lru_cache(1 << 14)
def parse_address(text: str) -> Address | None:
    """Parse an address; None for an invalid one."""
    try:
        return ip_address(text)
    except ValueError:
        return None
