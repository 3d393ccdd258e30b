"""Comparison of two owners of listeners, and the order in which they are named."""

from exporter.core.model.sockets import CONTAINER, DOCKER_PROXY, ENGINE, Owner

# UDP ports that programs share on purpose, since packets go to a multicast group, or to each device's own client:
# DHCP, DHCPv6, SSDP, WS-Discovery, mDNS, LLMNR, local peer discovery (BEP 14).
SHARED_ON_PURPOSE = frozenset(("udp", port) for port in (67, 68, 546, 547, 1900, 3702, 5353, 5355, 6771))
_OF_DOCKER = frozenset({DOCKER_PROXY, ENGINE})


def same_owner(one: Owner, other: Owner) -> bool:
    """Whether they are, or may be, the same; the engine and its docker-proxies are when either has no container."""
    if not (one.known and other.known):
        return True
    if one.kind in _OF_DOCKER and other.kind in _OF_DOCKER:
        return one.name == other.name or "" in (one.name, other.name)
    return one == other


def containers_first(one: Owner, other: Owner) -> tuple[Owner, Owner]:
    """Return them in order: a container's own listener first, then by name."""
    first, second = sorted((one, other), key=lambda owner: (owner.kind != CONTAINER, owner.name, owner.container_id))
    return first, second
