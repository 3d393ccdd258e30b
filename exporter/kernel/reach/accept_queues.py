"""The listening sockets of the calling thread's network namespace, and which of them take nothing more.

Of a socket in LISTEN, idiag_rqueue counts the connections that wait, and idiag_wqueue is its backlog; the kernel drops
the next one when more wait than that (include/net/sock.h: sk_acceptq_is_full). It drops a datagram for which the
receive buffer of a UDP socket has no room (net/ipv4/udp.c: __udp_enqueue_schedule_skb).
"""

import contextlib
import socket
import struct
from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.model.sockets import ListeningSocket
from exporter.core.reach.view import PortAt
from exporter.kernel.netlink.inet_diag import (
    INET_DIAG_INFO,
    INET_DIAG_SKMEMINFO,
    LISTEN,
    QUEUES_AT,
    SIZE,
    UNCONNECTED,
    open_diag_socket,
    parse_socket,
    question,
    read_dump,
)
from exporter.kernel.netlink.messages import attributes, head
from exporter.kernel.reach.socket_options import parse_keys, parse_mark
from exporter.kernel.reach.unaccepted import read_waiting
from exporter.kernel.sockets.listeners import FAMILIES, Answers, bodies

QUEUES = struct.Struct("=II")
STATES_AND_EXTENSION = (
    (socket.IPPROTO_TCP, 1 << LISTEN, INET_DIAG_INFO),  # INET_DIAG_MD5SIG comes with it
    (socket.IPPROTO_UDP, 1 << UNCONNECTED, INET_DIAG_SKMEMINFO),
)
MEMORY = struct.Struct("=II")  # linux/sock_diag.h: SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_RCVBUF
DATAGRAM = 768  # bytes that the kernel counts for the smallest one, at least


class Sockets(Struct):
    """The sockets, and what NamespaceView has of them; `queued`: TCP ports with connections that were not accepted."""

    listeners: list[ListeningSocket] = field(default_factory=list)
    full: set[PortAt] = field(default_factory=set)
    keys: dict[int, tuple[str, ...]] = field(default_factory=dict)
    marks: dict[int, int] = field(default_factory=dict)
    queued: set[int] = field(default_factory=set)
    waiting: Mapping[int, float] = field(default_factory=dict)


def read_sockets() -> Sockets:
    """Read the sockets of TCP and UDP. Raises OSError."""
    with contextlib.closing(open_diag_socket()) as sock:
        found = parse_sockets(
            tuple(
                (protocol, read_dump(sock, question(family, protocol, states, extensions=1 << extension - 1)))
                for protocol, states, extension in STATES_AND_EXTENSION
                for family in FAMILIES
            )
        )
        found.waiting = read_waiting(sock, found.queued)
        return found


def parse_sockets(answers: Answers) -> Sockets:
    """Parse the answers to all requests for listening sockets. MalformedError for another form."""
    found = Sockets()
    for protocol, datagrams in answers:
        for data, start, end in bodies(datagrams):
            one = parse_socket(data, start, end, protocol)
            found.listeners.append(one)
            waiting, backlog = head(QUEUES, data, start + QUEUES_AT, end, "a socket's queues")
            known = attributes(data, start + SIZE, end)
            if waiting > backlog if one.protocol == "tcp" else _is_full(known.get(INET_DIAG_SKMEMINFO, b"")):
                found.full.add((one.protocol, one.address, one.port))
            elif waiting and one.protocol == "tcp":
                found.queued.add(one.port)
            if keys := parse_keys(known):
                found.keys[one.inode] = keys
            if mark := parse_mark(known):
                found.marks[one.inode] = mark
    return found


def _is_full(memory: bytes) -> bool:
    if len(memory) < MEMORY.size:
        return False
    used, buffer = MEMORY.unpack_from(memory)
    return bool(used and used + DATAGRAM > buffer)
