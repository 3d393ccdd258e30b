"""The listening sockets of the calling thread's network namespace, and which of them take nothing more.

Of a socket in LISTEN, idiag_rqueue counts the connections that wait, and idiag_wqueue is its backlog; the kernel drops
the next one when more wait than that (include/net/sock.h: sk_acceptq_is_full). It drops a datagram for which the
receive buffer of a UDP socket has no room (net/ipv4/udp.c: __udp_enqueue_schedule_skb).
"""

import contextlib
import socket
import struct

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.netlink.inet_diag import (
    INET_DIAG_SKMEMINFO,
    QUEUES_AT,
    SIZE,
    UNCONNECTED,
    open_diag_socket,
    parse_socket,
    question,
    read_dump,
)
from exporter.kernel.netlink.messages import attributes, head
from exporter.kernel.sockets.listeners import FAMILIES, Answers, bodies, read_tcp_listeners

QUEUES = struct.Struct("=II")
UDP_REQUESTS = tuple(
    question(family, socket.IPPROTO_UDP, 1 << UNCONNECTED, extensions=1 << INET_DIAG_SKMEMINFO - 1)
    for family in FAMILIES
)
MEMORY = struct.Struct("=II")  # linux/sock_diag.h: SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_RCVBUF
DATAGRAM = 768  # bytes that the kernel counts for the smallest one, at least

Sockets = tuple[tuple[ListeningSocket, ...], frozenset[tuple[str, str, int]]]


def read_sockets() -> Sockets:
    """Read the sockets, and (protocol, address, port) of those whose queue is full. Raises OSError."""
    with contextlib.closing(open_diag_socket()) as sock:
        udp = ((socket.IPPROTO_UDP, read_dump(sock, request)) for request in UDP_REQUESTS)
        return parse_sockets((read_tcp_listeners(sock), *udp))


def parse_sockets(answers: Answers) -> Sockets:
    """Parse the answers to all requests for listening sockets. MalformedError for another form."""
    found: list[ListeningSocket] = []
    full: set[tuple[str, str, int]] = set()
    for protocol, datagrams in answers:
        for data, start, end in bodies(datagrams):
            one = parse_socket(data, start, end, protocol)
            found.append(one)
            waiting, backlog = head(QUEUES, data, start + QUEUES_AT, end, "a socket's queues")
            memory = attributes(data, start + SIZE, end).get(INET_DIAG_SKMEMINFO, b"")
            if waiting > backlog if one.protocol == "tcp" else _is_full(memory):
                full.add((one.protocol, one.address, one.port))
    return tuple(found), frozenset(full)


def _is_full(memory: bytes) -> bool:
    if len(memory) < MEMORY.size:
        return False
    used, buffer = MEMORY.unpack_from(memory)
    return bool(used and used + DATAGRAM > buffer)
