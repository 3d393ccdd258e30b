"""Addresses of rules as text."""

from ipaddress import IPv4Address, IPv6Address

from exporter.core.nat.ruleset import IP


def address_text(family: str, network: int, mask: int) -> str:
    """Write network and mask; a single address without its length, a mask that is not a prefix as an address."""
    made: type[IPv4Address | IPv6Address] = IPv4Address if family == IP else IPv6Address
    length, bits = made(0).max_prefixlen, mask.bit_count()
    if bits == length:
        return str(made(network))
    is_prefix = mask == (1 << length) - (1 << (length - bits))
    return f"{made(network)}/{bits if is_prefix else made(mask)}"
