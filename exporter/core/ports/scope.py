"""From where a port can be reached, as far as the address that it is bound to says."""

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
    # A group is no address of this host: who sends to it is on a network of the host's.
    return PUBLIC if bound.is_global and not bound.is_multicast else PRIVATE
