"""Addresses and subnets of rules as numbers, parsed once each."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

from exporter.core.nat.ruleset import IP, IP6

IPV4 = 4


@lru_cache(1 << 14)
def family_of(address: str) -> str:
    """Return the family of an address or of a subnet."""
    return IP if ip_network(address, strict=False).version == IPV4 else IP6


@lru_cache(1 << 14)
def number_of(address: str) -> int:
    """Return an address as a number."""
    return int(ip_address(address))


@lru_cache(1 << 12)
def prefix_of(subnet: str) -> tuple[int, int]:
    """Return network and mask of a subnet as numbers."""
    network = ip_network(subnet, strict=False)
    return int(network.network_address), int(network.netmask)
