"""Lookups in the FIB of the calling thread's network namespace (RTM_GETROUTE, linux/rtnetlink.h).

The kernel applies policy rules, nexthop objects, VRFs, forwarding and rp_filter, none of which is modelled here.
Needs no privilege and creates no neighbour entry.
"""

import socket
import struct
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.kernel.netlink.client import ask
from exporter.kernel.netlink.messages import (
    U32,
    Data,
    MalformedError,
    address,
    attribute,
    attributes,
    head,
    message,
    number,
)
from exporter.kernel.netlink.numbers import RTM_GETROUTE

RTMSG = struct.Struct("=BBBBBBBBI")  # family, dst_len, src_len, tos, table, protocol, scope, type, flags
RTA_DST, RTA_SRC, RTA_IIF, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, RTA_METRICS, RTA_VIA = 1, 2, 3, 4, 5, 7, 8, 18
RTA_MARK, RTA_UID, RTA_IP_PROTO, RTA_SPORT, RTA_DPORT = 16, 25, 27, 28, 29
RTAX_MTU, RTAX_HOPLIMIT = 2, 10
PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}
VIA_FAMILY_BYTES = 2
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
TYPES = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
}


def read_results(sock: socket.socket, queries: Iterable[RouteQuery]) -> Mapping[RouteQuery, RouteResult]:
    """Look up all queries. Raises as `read_result`; a refusal is a result."""
    return {query: read_result(sock, query) for query in queries}


def read_result(sock: socket.socket, query: RouteQuery) -> RouteResult:
    """Look up one query. Raises OSError only where the socket fails, or the answer is not understood."""
    try:
        answers = ask(sock, request(query))
    except TimeoutError:
        raise
    except OSError as error:
        if not error.errno:
            raise  # a malformed answer
        return RouteResult(error=error.errno)
    if not answers:
        raise MalformedError(f"no answer to the lookup of {query.destination}")
    return parse_result(*answers[0][1:])


def request(query: RouteQuery) -> bytes:
    """Encode a lookup."""
    destination = ip_address(query.destination)
    length = destination.max_prefixlen
    body = RTMSG.pack(FAMILIES[destination.version], length, length if query.source else 0, 0, 0, 0, 0, 0, 0)
    body += attribute(RTA_DST, destination.packed)
    if query.source:
        body += attribute(RTA_SRC, ip_address(query.source).packed)
    if query.ifindex:
        body += attribute(RTA_IIF, U32.pack(query.ifindex))
    if query.protocol in PROTOCOLS:
        body += attribute(RTA_IP_PROTO, bytes([PROTOCOLS[query.protocol]]))
        if query.port:
            body += attribute(RTA_DPORT, query.port.to_bytes(2, "big"))
        if query.source_port:
            body += attribute(RTA_SPORT, query.source_port.to_bytes(2, "big"))
    if query.mark:
        body += attribute(RTA_MARK, U32.pack(query.mark))
    body += attribute(RTA_UID, U32.pack(query.uid))
    return message(RTM_GETROUTE, 0, body)


def parse_result(data: Data, start: int, end: int) -> RouteResult:
    """Parse the body of RTM_NEWROUTE; MalformedError for another form."""
    fields = head(RTMSG, data, start, end, "a route")
    found = attributes(data, start + RTMSG.size, end)
    metrics = attributes(found.get(RTA_METRICS, b""))
    gateway = found.get(RTA_GATEWAY) or found.get(RTA_VIA, b"")[VIA_FAMILY_BYTES:]
    return RouteResult(
        type=TYPES.get(fields[7], str(fields[7])),
        ifindex=_number(found, RTA_OIF, "a route's device"),
        gateway=str(address(gateway)) if gateway else "",
        source=str(address(found[RTA_PREFSRC])) if RTA_PREFSRC in found else "",
        mtu=_number(metrics, RTAX_MTU, "a route's MTU"),
        hop_limit=_number(metrics, RTAX_HOPLIMIT, "a route's hop limit"),
    )


def _number(found: Mapping[int, bytes], kind: int, what: str) -> int:
    """Return a number in the machine's byte order, 0 where it is absent."""
    return number(U32, found[kind], what) if kind in found else 0
