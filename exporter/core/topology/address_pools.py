"""The pools from which Docker takes a subnet for a network that is created without one."""

from collections.abc import Iterable
from ipaddress import IPv4Network

from msgspec import Struct

from exporter.core.model.docker import AddressPool, Network
from exporter.core.model.routes import Route
from exporter.core.topology.subnets import parse_subnet


class PoolUse(Struct, frozen=True):
    """The number of subnets of all pools that are used, and that are available."""

    used: int
    available: int


# The default of an engine without configured pools (moby, libnetwork/ipamutils): 31 subnets, one of them docker0's.
BUILT_IN_POOLS = (
    *(AddressPool(f"172.{second}.0.0/16", 16) for second in range(17, 32)),
    AddressPool("192.168.0.0/16", 20),
)


def pool_use(
    networks: Iterable[Network], routes: Iterable[Route] = (), pools: Iterable[AddressPool] = BUILT_IN_POOLS
) -> PoolUse:
    """Count the pools' IPv4 subnets. Used are those of local networks, and those that the host is attached to.

    Docker skips subnets that overlap an on-link route of the host.
    """
    taken = [
        span
        for network in networks
        if network.scope == "local"
        for subnet in network.subnets
        if isinstance(span := parse_subnet(subnet.subnet), IPv4Network)
    ]
    taken += [
        route.destination
        for route in routes
        if isinstance(route.destination, IPv4Network) and route.destination.prefixlen and not route.gateway
    ]
    used = total = 0
    for pool in pools:
        base = parse_subnet(pool.base)
        if isinstance(base, IPv4Network) and base.prefixlen <= pool.size <= base.max_prefixlen:
            total += 1 << (pool.size - base.prefixlen)
            used += _count(base, base.max_prefixlen - pool.size, taken)
    return PoolUse(used, total - used)


def _count(base: IPv4Network, width: int, taken: Iterable[IPv4Network]) -> int:
    """Count the parts of `base`, each 2^width addresses, that overlap something taken."""
    first, last = int(base[0]), int(base[-1])
    ranges = sorted(
        (max(first, int(span[0])) - first >> width, min(last, int(span[-1])) - first >> width)
        for span in taken
        if span.overlaps(base)
    )
    count, counted = 0, -1
    for start, end in ranges:
        count += max(0, end - max(start - 1, counted))
        counted = max(counted, end)
    return count
