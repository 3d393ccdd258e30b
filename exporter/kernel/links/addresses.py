"""Addresses and routes of the host, and its uplinks. They change rarely, so pyroute2 decodes them."""

import select
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkDecodeError, NetlinkError

from exporter.core.model.routes import Route
from exporter.kernel.links.routes import hops, parse_routes, typed_attribute
from exporter.kernel.netlink.client import drain, open_socket
from exporter.kernel.netlink.messages import MalformedError

RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE = 5, 7, 9, 11
ADDRESS_GROUPS = (RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE)
RTN_UNICAST = 1
RT_TABLE_LOCAL = 255
SCOPE_LINK = 253

Addresses = dict[int, tuple[str, ...]]


def read_addresses() -> tuple[list[Any], list[Any]]:
    """Dump addresses and routes of the calling thread's namespace, as pyroute2 messages; OSError on refusal."""
    try:
        with IPRoute() as route:
            return list(route.get_addr()), list(route.get_routes())
    except NetlinkError as error:
        raise OSError(error.code, str(error)) from error
    except (NetlinkDecodeError, struct.error) as error:  # the latter for a head that is cut off
        raise MalformedError(f"addresses and routes: {error}") from error


def parse_addresses(rows: Iterable[Any]) -> Addresses:
    """Return ifindex -> its addresses of global scope, IPv4 first. Source: struct ifaddrmsg."""
    found: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        address = typed_attribute(row, "IFA_LOCAL", str) or typed_attribute(row, "IFA_ADDRESS", str)
        if address and row["scope"] < SCOPE_LINK:
            found.setdefault(row["index"], []).append((row["family"], address))
    return {ifindex: tuple(address for _, address in sorted(pairs)) for ifindex, pairs in found.items()}


def parse_uplinks(rows: Iterable[Any]) -> frozenset[int]:
    """Return the ifindexes that carry a default route or a route to a gateway. Source: struct rtmsg."""
    found: set[int] = set()
    for row in rows:
        if row["type"] != RTN_UNICAST or row["table"] == RT_TABLE_LOCAL:
            continue
        if row["dst_len"] == 0 or typed_attribute(row, "RTA_GATEWAY", str) or typed_attribute(row, "RTA_VIA", dict):
            found.add(typed_attribute(row, "RTA_OIF", int) or 0)
            found.update(hop["oif"] for hop in hops(row))
    return frozenset(found - {0})


class AddressReader:
    """Caches addresses, uplinks and routes; they are read again after a notification of a change."""

    def __init__(self) -> None:
        self._watch = open_socket(groups=ADDRESS_GROUPS, timeout=0)
        self._known: tuple[Addresses, frozenset[int], tuple[Route, ...]] | None = None
        self.generation = 0

    def close(self) -> None:
        """Close the socket."""
        self._watch.close()

    def has_news(self) -> bool:
        """Whether a notification waits."""
        return bool(select.select([self._watch], [], [], 0)[0])

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
