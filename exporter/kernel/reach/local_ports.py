"""How many local ports the kernel has left for new TCP connections of a network namespace.

It hands out those of net.ipv4.ip_local_port_range without net.ipv4.ip_local_reserved_ports, each once for one source,
destination and port (net/ipv4/inet_hashtables.c: __inet_hash_connect); not those that a process has bound.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

from exporter.core.model.fib import RouteQuery
from exporter.kernel.netlink.inet_diag import (
    ANY_STATE,
    LISTEN,
    STATES,
    open_diag_socket,
    parse_ends,
    question,
    read_dump,
)
from exporter.kernel.netlink.messages import MalformedError
from exporter.kernel.proc import read_text
from exporter.kernel.sockets.listeners import FAMILIES, bodies
from exporter.kernel.sockets.port_settings import read_local_ports, read_reserved_ports

TCP = "tcp"
REUSE = Path("/proc/sys/net/ipv4/tcp_tw_reuse")  # shows the reading thread's namespace
REUSES = 1  # of it: a port in TIME_WAIT is used again; 2: on the loopback alone
TIME_WAIT = STATES.index("time_wait")


class LocalPorts:
    """Those of the calling thread's network namespace. The socket keeps the namespace alive until it is closed."""

    def __init__(self) -> None:
        first, last = read_local_ports()
        reserved = {port for one, other in read_reserved_ports() for port in range(one, other + 1)}
        self._ports = frozenset(range(first, last + 1)) - reserved
        waiting = 0 if read_text(REUSE).strip() == str(REUSES) else 1 << TIME_WAIT
        self._states = ANY_STATE & ~(1 << LISTEN | 1 << TIME_WAIT) | waiting
        self._socket = open_diag_socket()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def free(self, query: RouteQuery) -> int | None:
        """Return how many are left for connections from a source to a destination and port; None: not known.

        Of UDP it counts those alone that are never handed out.
        """
        if query.protocol != TCP or not self._ports:
            return len(self._ports)
        try:
            return len(self._ports.difference(self._used(query), self._bound()))
        except (OSError, MalformedError):
            return None

    def _used(self, query: RouteQuery) -> Iterator[int]:
        for family in FAMILIES:
            request = question(family, socket.IPPROTO_TCP, self._states, peer_port=query.port)
            for data, start, end in bodies(read_dump(self._socket, request)):
                own, port, peer, peer_port = parse_ends(data, start, end)
                if (own, peer, peer_port) == (query.source, query.destination, query.port):
                    yield port

    def _bound(self) -> Iterator[int]:
        for family in FAMILIES:
            request = question(family, socket.IPPROTO_TCP, 1 << LISTEN)
            for data, start, end in bodies(read_dump(self._socket, request)):
                yield parse_ends(data, start, end)[1]
