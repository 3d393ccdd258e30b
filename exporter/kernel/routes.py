"""Routes of the main table, from the dump that tells the uplinks too. Source: struct rtmsg, linux/rtnetlink.h."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from socket import AF_INET
from typing import Any

from exporter.core.routes import Route

RTN_UNICAST = 1
RT_TABLE_MAIN = 254
RTM_F_CLONED = 0x200  # a cached exception of IPv6, no route that somebody made
RTNH_F_DEAD = 1


def parse_routes(rows: Iterable[Any]) -> tuple[Route, ...]:
    """Return the routes that lead somewhere; one over several devices is one for each.

    Other tables are left out: which packets look there is told by rules that are not read.
    """
    return tuple(route for row in rows if _leads_somewhere(row) for route in _ways(row))


def _leads_somewhere(row: Any) -> bool:
    usable = not row["flags"] & (RTM_F_CLONED | RTNH_F_DEAD)
    return bool(row["type"] == RTN_UNICAST and row["table"] == RT_TABLE_MAIN and usable)


def _ways(row: Any) -> Iterator[Route]:
    anywhere = "0.0.0.0" if row["family"] == AF_INET else "::"
    destination = ip_network(f"{row.get_attr('RTA_DST') or anywhere}/{row['dst_len']}", strict=False)
    metric = row.get_attr("RTA_PRIORITY") or 0
    if row.get_attr("RTA_OIF"):
        yield Route(destination, row.get_attr("RTA_OIF"), _gateway(row), metric)
    for hop in row.get_attr("RTA_MULTIPATH") or ():
        if not hop["flags"] & RTNH_F_DEAD:
            yield Route(destination, hop["oif"], _gateway(hop), metric)


def _gateway(way: Any) -> str:
    """A gateway of the other family stands in RTA_VIA."""
    via = way.get_attr("RTA_VIA")
    return str(way.get_attr("RTA_GATEWAY") or (via["addr"] if via else ""))
