"""Connections that the kernel has established and the listening process has not accepted.

No process has such a socket: its inode is 0. Its age is the time since its peer last sent anything
(struct tcp_info: tcpi_last_data_recv, tcpi_last_ack_recv), at least.
"""

import socket
import struct
from collections.abc import Collection, Iterator, Mapping

from exporter.kernel.netlink.inet_diag import INET_DIAG_INFO, SIZE, STATES, parse_socket, question, read_dump
from exporter.kernel.netlink.messages import attributes
from exporter.kernel.sockets.listeners import FAMILIES, bodies

WAITING = 1 << STATES.index("established") | 1 << STATES.index("close_wait")
MAX_PORTS = 8  # for each the kernel walks its table of connections
SINCE = struct.Struct("=52xII")  # milliseconds


def read_waiting(sock: socket.socket, ports: Collection[int]) -> Mapping[int, float]:
    """Return the seconds that the oldest connection waits, by port, of the lowest ports. Raises OSError."""
    found: dict[int, float] = {}
    for port in sorted(ports)[:MAX_PORTS]:
        ages = [age for family in FAMILIES for age in parse_ages(_ask(sock, family, port))]
        if ages:
            found[port] = max(ages)
    return found


def _ask(sock: socket.socket, family: int, port: int) -> list[bytes]:
    return read_dump(sock, question(family, socket.IPPROTO_TCP, WAITING, port, extensions=1 << INET_DIAG_INFO - 1))


def parse_ages(datagrams: Collection[bytes]) -> Iterator[float]:
    """Yield the seconds that each connection waits which no process has. MalformedError for another form."""
    for data, start, end in bodies(datagrams):
        if not parse_socket(data, start, end, socket.IPPROTO_TCP).inode:
            info = attributes(data, start + SIZE, end).get(INET_DIAG_INFO, b"")
            if len(info) >= SINCE.size:
                yield min(SINCE.unpack_from(info)) / 1000
