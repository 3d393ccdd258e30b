"""The listening sockets of the calling thread's network namespace, and which of them accept no more connections.

Of a socket in LISTEN, idiag_rqueue counts the connections that wait, and idiag_wqueue is its backlog; the kernel drops
the next one when more wait than that (include/net/sock.h: sk_acceptq_is_full).
"""

import contextlib
import struct

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.netlink.inet_diag import QUEUES_AT, open_diag_socket, parse_socket
from exporter.kernel.netlink.messages import head
from exporter.kernel.sockets.listeners import Answers, bodies, read_answers

QUEUES = struct.Struct("=II")

Sockets = tuple[tuple[ListeningSocket, ...], frozenset[tuple[str, int]]]


def read_sockets() -> Sockets:
    """Read the sockets, and (address, port) of those of TCP whose queue is full. Raises OSError."""
    with contextlib.closing(open_diag_socket()) as sock:
        return parse_sockets(read_answers(sock))


def parse_sockets(answers: Answers) -> Sockets:
    """Parse the answers to all requests for listening sockets. MalformedError for another form."""
    found: list[ListeningSocket] = []
    full: set[tuple[str, int]] = set()
    for protocol, datagrams in answers:
        for data, start, end in bodies(datagrams):
            one = parse_socket(data, start, end, protocol)
            found.append(one)
            waiting, backlog = head(QUEUES, data, start + QUEUES_AT, end, "a socket's queues")
            if one.protocol == "tcp" and waiting > backlog:
                full.add((one.address, one.port))
    return tuple(found), frozenset(full)
