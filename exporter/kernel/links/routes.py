"""Routes of the main table, from the same dump as the uplinks. Source: struct rtmsg, linux/rtnetlink.h."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from socket import AF_INET, AF_INET6

from msgspec import Struct

from exporter.core.model.routes import Route, Span
from exporter.kernel.links.fib import RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_VIA, RTMSG, VIA_FAMILY_BYTES
from exporter.kernel.links.next_hops import RTNH_F_DEAD, Hop, decode_hops
from exporter.kernel.netlink.messages import U32, Data, MalformedError, address, attributes, head, number

RTN_UNICAST = 1
RT_TABLE_MAIN, RT_TABLE_LOCAL = 254, 255
RTM_F_CLONED = 0x200  # a cached exception of IPv6, not a configured route
RTA_PRIORITY, RTA_MULTIPATH = 6, 9
WANTED = frozenset({RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_MULTIPATH, RTA_VIA})
ANYWHERE = {AF_INET: bytes(4), AF_INET6: bytes(16)}


class RouteRow(Struct, frozen=True):
    """A unicast route of the dump, of any table but the local one."""

    main: bool  # of the main table, configured and usable
    destination: Span
    metric: int
    hops: tuple[Hop, ...]


def parse_route(data: Data, start: int, end: int) -> RouteRow | None:
    """Parse the body of an RTM_NEWROUTE; None for the local table, MPLS, and any but unicast. Raises MalformedError."""
    family, prefix, _, _, table, _, _, kind, flags = head(RTMSG, data, start, end, "a route")
    if family not in ANYWHERE or kind != RTN_UNICAST or table == RT_TABLE_LOCAL:
        return None
    found = attributes(data, start + RTMSG.size, end, WANTED)
    return RouteRow(
        main=table == RT_TABLE_MAIN and not flags & (RTM_F_CLONED | RTNH_F_DEAD),
        destination=_network(found.get(RTA_DST, ANYWHERE[family]), prefix),
        metric=number(U32, found[RTA_PRIORITY], "a metric") if RTA_PRIORITY in found else 0,
        hops=(*_own_hop(found), *(decode_hops(bytes(data[start:end])) if RTA_MULTIPATH in found else ())),
    )


def _network(packed: bytes, prefix: int) -> Span:
    try:
        return ip_network((address(packed).packed, prefix), strict=False)
    except ValueError as error:
        raise MalformedError(f"a route: {error}") from error


def _own_hop(found: dict[int, bytes]) -> Iterator[Hop]:
    """A route with one next hop has it in its own attributes; a gateway of the other family is in RTA_VIA."""
    if RTA_OIF in found:
        gateway = found.get(RTA_GATEWAY) or found.get(RTA_VIA, b"")[VIA_FAMILY_BYTES:]
        yield Hop(number(U32, found[RTA_OIF], "a route's device"), str(address(gateway)) if gateway else "")


def parse_routes(rows: Iterable[RouteRow]) -> tuple[Route, ...]:
    """Return the usable routes; a multipath route is one for each next hop.

    Other tables are left out: the policy rules that select them are not read.
    """
    return tuple(
        Route(row.destination, hop.ifindex, hop.gateway, row.metric)
        for row in rows
        if row.main
        for hop in row.hops
        if hop.ifindex and not hop.dead
    )
