"""When a bind() is refused because of another socket (net/ipv4/inet_connection_sock.c, net/ipv4/udp.c).

Two sockets overlap when they have the same port of the same protocol, and in some address family both have any address
or the same one. The kernel lets two that overlap exist only if both have an option to share: with SO_REUSEPORT and the
same user, or on UDP with SO_REUSEADDR. These options cannot be read from outside, but two that exist have them.
"""

import functools
from ipaddress import IPv6Address, ip_address

from exporter.core.model.sockets import ListeningSocket

ANY = "*"
NOTHING = ""


@functools.lru_cache(maxsize=4096)
def cover(address: str, *, v6only: bool = False) -> tuple[str, str]:
    """Return what a bind claims of IPv4 and of IPv6: ANY, one address, or NOTHING.

    '' is what Docker calls every address of both families.
    """
    if not address:
        return ANY, ANY
    bound = ip_address(address)
    if not isinstance(bound, IPv6Address):
        return ANY if bound.is_unspecified else str(bound), NOTHING
    if bound.ipv4_mapped is not None:
        return cover(str(bound.ipv4_mapped))
    if bound.is_unspecified:
        return NOTHING if v6only else ANY, ANY
    return NOTHING, str(bound)


def overlaps(one: ListeningSocket, other: ListeningSocket) -> bool:
    """Whether the two cannot both be bound, unless both have an option to share."""
    if one.port != other.port or one.protocol != other.protocol:
        return False
    if one.ifindex and other.ifindex and one.ifindex != other.ifindex:
        return False
    ours, theirs = cover(one.address, v6only=one.v6only), cover(other.address, v6only=other.v6only)
    return any(map(_meet, ours, theirs))


def _meet(one: str, other: str) -> bool:
    return one != NOTHING != other and (one == other or ANY in (one, other))
