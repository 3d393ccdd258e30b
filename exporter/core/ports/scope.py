"""From where a port is reachable, by its bind address alone."""

from ipaddress import IPv6Address, ip_address

LOOPBACK, PRIVATE, PUBLIC, ALL = "loopback", "private", "public", "all"


def scope(address: str) -> str:
    """Name it: this host alone, its own networks, the internet, or every address of the host ('' and wildcards)."""
    bound = ip_address(address or "0.0.0.0")
    if isinstance(bound, IPv6Address):
        bound = bound.ipv4_mapped or bound
    if bound.is_unspecified:
        return ALL
    if bound.is_loopback:
        return LOOPBACK
    # A multicast group is not an address of this host: its senders are on a network of the host.
    return PUBLIC if bound.is_global and not bound.is_multicast else PRIVATE
