"""Routes of the main table, from the dump that tells the uplinks too. Source: struct rtmsg, linux/rtnetlink.h."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from socket import AF_INET
from typing import Any, TypeVar

from exporter.core.model.routes import Route
from exporter.kernel.netlink.messages import MalformedError

T = TypeVar("T")

RTN_UNICAST = 1
RT_TABLE_MAIN = 254
RTM_F_CLONED = 0x200  # a cached exception of IPv6, no route that somebody made
RTNH_F_DEAD = 1


def parse_routes(rows: Iterable[Any]) -> tuple[Route, ...]:
    """Return the routes that lead somewhere; one over several devices is one for each.

    Other tables are left out: which packets look there is told by rules that are not read. Raises MalformedError.
    """
    try:
        return tuple(route for row in rows if _leads_somewhere(row) for route in _ways(row))
    except ValueError as error:  # no network has such a destination
        raise MalformedError(f"a route: {error}") from error


def told(row: Any, name: str, kind: type[T]) -> T | None:
    """Return an attribute, None for one that is not there.

    pyroute2 gives the bytes of what it cannot decode; MalformedError for these.
    """
    value = row.get_attr(name)
    if value is not None and not isinstance(value, kind):
        raise MalformedError(f"{name} is {value!r}")
    return value


def hops(row: Any) -> list[Any]:
    """Return the ways of a route over several devices."""
    found = told(row, "RTA_MULTIPATH", list) or []
    if not all(isinstance(hop, dict) for hop in found):
        raise MalformedError(f"RTA_MULTIPATH is {found!r}")
    return found


def _leads_somewhere(row: Any) -> bool:
    usable = not row["flags"] & (RTM_F_CLONED | RTNH_F_DEAD)
    return bool(row["type"] == RTN_UNICAST and row["table"] == RT_TABLE_MAIN and usable)


def _ways(row: Any) -> Iterator[Route]:
    anywhere = "0.0.0.0" if row["family"] == AF_INET else "::"
    destination = ip_network(f"{told(row, 'RTA_DST', str) or anywhere}/{row['dst_len']}", strict=False)
    metric = told(row, "RTA_PRIORITY", int) or 0
    if device := told(row, "RTA_OIF", int):
        yield Route(destination, device, _gateway(row), metric)
    for hop in hops(row):
        if not hop["flags"] & RTNH_F_DEAD:
            yield Route(destination, hop["oif"], _gateway(hop), metric)


def _gateway(way: Any) -> str:
    """A gateway of the other family stands in RTA_VIA."""
    via = told(way, "RTA_VIA", dict)
    return told(way, "RTA_GATEWAY", str) or str(via["addr"] if via else "")
