"""Routes of the host's main table, and which of them lead out of it."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct

Span = IPv4Network | IPv6Network

# VPN clients replace the default route by more specific ones, such as 0.0.0.0/1 and 128.0.0.0/1, or 2000::/3. No
# network is that large, so a shorter prefix than these, by IP version, is a default route in parts.
SHORTEST_PREFIX = {4: 8, 6: 4}


class Route(Struct, frozen=True):
    """One way to a destination; a route over several devices is one of these for each. `gateway` '' is on-link."""

    destination: Span
    ifindex: int
    gateway: str = ""
    metric: int = 0

    @property
    def default(self) -> bool:
        """Whether it is a default route."""
        return self.destination.prefixlen < SHORTEST_PREFIX[self.destination.version]


def default_devices(routes: Iterable[Route], version: int) -> frozenset[int]:
    """Return the ifindexes over which one IP version leaves the host: of its default routes those of the best metric.

    The kernel's order: the longest prefix first, then the lowest metric.
    """
    ways = [route for route in routes if route.default and route.destination.version == version]
    if not ways:
        return frozenset()
    best = min((-route.destination.prefixlen, route.metric) for route in ways)
    return frozenset(r.ifindex for r in ways if (-r.destination.prefixlen, r.metric) == best)
