"""Addresses and routes of the host, and its uplinks."""

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping

from exporter.core.model.routes import Route
from exporter.kernel.links.fib import RTMSG
from exporter.kernel.links.routes import RouteRow, parse_route, parse_routes
from exporter.kernel.netlink.client import Answer, ask_again, drain, open_socket
from exporter.kernel.netlink.messages import Data, address, attributes, head, message
from exporter.kernel.netlink.numbers import NLM_F_DUMP, RTM_GETADDR, RTM_GETROUTE, RTM_NEWADDR, RTM_NEWROUTE

RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE = 5, 7, 9, 11
ADDRESS_GROUPS = (RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE)
IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, ifindex; linux/if_addr.h
IFA_ADDRESS, IFA_LOCAL = 1, 2  # of a point-to-point device the former is the other end's
SCOPE_LINK = 253
FAMILIES = (socket.AF_INET, socket.AF_INET6)

Addresses = dict[int, tuple[str, ...]]
AddressRow = tuple[int, int, str]  # ifindex, family, address


def read_addresses() -> tuple[list[AddressRow], list[RouteRow]]:
    """Dump addresses and routes of the calling thread's namespace; OSError on refusal."""
    with open_socket() as sock:
        found = [parse_address(*row) for row in _dump(sock, RTM_GETADDR, RTM_NEWADDR, IFADDRMSG.size)]
        routes = [parse_route(*row) for row in _dump(sock, RTM_GETROUTE, RTM_NEWROUTE, RTMSG.size)]
    return [row for row in found if row], [row for row in routes if row]


def _dump(sock: socket.socket, request: int, answer: int, size: int) -> Iterator[tuple[Data, int, int]]:
    """Ask for one family after the other: a kernel without IPv6 answers for all families, so others are left out."""
    for family in FAMILIES:
        rows: list[Answer] = ask_again(sock, message(request, NLM_F_DUMP, bytes([family]).ljust(size, b"\0")))
        yield from ((data, start, end) for kind, data, start, end in rows if kind == answer and data[start] == family)


def parse_address(data: Data, start: int, end: int) -> AddressRow | None:
    """Parse the body of an RTM_NEWADDR; None for an address of the link's scope. Raises MalformedError."""
    family, _, _, scope, ifindex = head(IFADDRMSG, data, start, end, "an address")
    found = attributes(data, start + IFADDRMSG.size, end, frozenset({IFA_ADDRESS, IFA_LOCAL}))
    own = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS)
    return (ifindex, family, str(address(own))) if own and scope < SCOPE_LINK else None


def parse_addresses(rows: Iterable[AddressRow]) -> Addresses:
    """Return ifindex -> its addresses of global scope, IPv4 first."""
    found: dict[int, list[tuple[int, str]]] = {}
    for ifindex, family, own in rows:
        found.setdefault(ifindex, []).append((family, own))
    return {ifindex: tuple(own for _, own in sorted(pairs)) for ifindex, pairs in found.items()}


def parse_uplinks(rows: Iterable[RouteRow]) -> frozenset[int]:
    """Return the ifindexes that carry a default route or a route to a gateway."""
    outward = (row for row in rows if not row.destination.prefixlen or any(hop.gateway for hop in row.hops))
    return frozenset(hop.ifindex for row in outward for hop in row.hops if hop.ifindex)


class AddressReader:
    """Caches addresses, uplinks and routes; they are read again after a notification of a change."""

    def __init__(self) -> None:
        self._watch = open_socket(groups=ADDRESS_GROUPS, timeout=0)
        self._known: tuple[Addresses, frozenset[int], tuple[Route, ...]] | None = None
        self.generation = 0

    def close(self) -> None:
        """Close the socket."""
        self._watch.close()

    def read(self) -> tuple[Addresses, frozenset[int], tuple[Route, ...]]:
        """Return the addresses by ifindex, the uplinks' ifindexes, and the routes of the main table."""
        if drain(self._watch) or self._known is None:
            addresses, routes = read_addresses()
            self._known = parse_addresses(addresses), parse_uplinks(routes), parse_routes(routes)
            self.generation += 1
        return self._known


def uplinks(names: Mapping[int, str], carriers: frozenset[int]) -> tuple[str, ...]:
    """Return the uplinks' names; one whose device is unknown is left out."""
    return tuple(names[index] for index in sorted(carriers) if index in names)
