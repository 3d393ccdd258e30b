"""Addresses of rules as people write them."""

from ipaddress import IPv4Network, IPv6Network

from exporter.core.nat.ruleset import IP


def address_text(family: str, network: int, mask: int) -> str:
    """Write network and mask; a single address without its length."""
    bits = mask.bit_count()
    made: IPv4Network | IPv6Network = (IPv4Network if family == IP else IPv6Network)((network, bits))
    return str(made.network_address) if bits == made.max_prefixlen else str(made)
