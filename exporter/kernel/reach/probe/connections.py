"""Connect to a port as a client does. Over TCP no byte is sent; over UDP one."""

import errno
import select
import socket
import time
from collections.abc import Callable

from exporter.core.reach.tried import ANSWERED, CLOSED, FAILED, OPEN, SILENT, Connect
from exporter.kernel.reach.probe.sockets import endpoint, open_socket, outcome_of, read_offender, wait_for

# docker-proxy accepts, and closes within a millisecond when it cannot connect to the container.
CLOSED_SECONDS = 0.1
UDP_PAYLOAD = b"\0"
MAX_DATAGRAM = 2048


def connect_tcp(address: str, port: int, seconds: float) -> Connect:
    """Connect, then wait CLOSED_SECONDS for the other end to close the connection."""
    return _attempt(address, socket.SOCK_STREAM, lambda sock: _connect_tcp(sock, address, port, seconds))


def connect_udp(address: str, port: int, seconds: float) -> Connect:
    """Send one byte and wait for a datagram or an error. SILENT proves nothing: ICMP errors are rate-limited."""
    return _attempt(address, socket.SOCK_DGRAM, lambda sock: _connect_udp(sock, address, port, seconds))


def _attempt(address: str, kind: socket.SocketKind, run: Callable[[socket.socket], Connect]) -> Connect:
    started = time.monotonic()
    try:
        with open_socket(address, kind) as sock:
            return run(sock)
    except OSError as error:
        return _failed(address, error.errno or 0, time.monotonic() - started)
    except ValueError as error:
        return Connect(address, FAILED, 0.0, str(error))


def _connect_tcp(sock: socket.socket, address: str, port: int, seconds: float) -> Connect:
    started = time.monotonic()
    number, offender = sock.connect_ex(endpoint(address, port)), ""
    if number == errno.EINPROGRESS:
        number, offender = _wait_until_connected(sock, started + seconds)
    spent = time.monotonic() - started
    if number:
        return _failed(address, number, spent, offender)
    return Connect(address, CLOSED if _is_closed(sock) else OPEN, spent)


def _wait_until_connected(sock: socket.socket, ends: float) -> tuple[int, str]:
    """Return the errno, 0 for a connection, and the router that reported it."""
    offender = ""
    while wait_for(sock, select.POLLOUT, ends - time.monotonic()):
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        offender = read_offender(sock) or offender
        if number or _has_peer(sock):
            return number, offender
    return errno.ETIMEDOUT, offender


def _has_peer(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def _connect_udp(sock: socket.socket, address: str, port: int, seconds: float) -> Connect:
    started = time.monotonic()
    offender = ""
    try:
        sock.connect(endpoint(address, port))
        sock.send(UDP_PAYLOAD)
        while wait_for(sock, select.POLLIN, started + seconds - time.monotonic()):
            try:
                sock.recv(MAX_DATAGRAM)
            except BlockingIOError:
                offender = read_offender(sock) or offender
                continue
            return Connect(address, ANSWERED, time.monotonic() - started)
    except OSError as error:
        offender = read_offender(sock) or offender
        return _failed(address, error.errno or 0, time.monotonic() - started, offender)
    return Connect(address, SILENT, time.monotonic() - started)


def _failed(address: str, number: int, spent: float, offender: str = "") -> Connect:
    outcome, reason = outcome_of(number)
    return Connect(address, outcome, spent, reason, offender)


def _is_closed(sock: socket.socket) -> bool:
    if not wait_for(sock, select.POLLIN, CLOSED_SECONDS):
        return False
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:  # reset
        return True
