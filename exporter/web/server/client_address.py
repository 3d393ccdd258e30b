"""Which client a connection is of, for limits that count by client."""

import ipaddress
from typing import Any

IPV6_SITE = 64  # prefix length: one host has at least so many addresses


def client_of(peername: Any) -> str | None:
    """Return the IPv4 address or the IPv6 /64 of a socket's peer; None where it has none, as on a unix socket."""
    if not isinstance(peername, tuple) or not peername:
        return None
    try:
        address = ipaddress.ip_address(str(peername[0]).partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_SITE), strict=False))
