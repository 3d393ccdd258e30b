"""The netlink client: sockets, requests and their answers, for every protocol of netlink(7)."""

import contextlib
import errno
import itertools
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from exporter.kernel.netlink.messages import (
    HEADER,
    NLM_F_MULTI,
    SEQUENCE_AT,
    U32,
    InterruptedDumpError,
    messages,
    raise_error,
)
from exporter.kernel.netlink.numbers import NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR

# linux/netlink.h and asm-generic/socket.h; Python's socket module and pyroute2 have no names for them.
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP = 1
NETLINK_GET_STRICT_CHK = 12
SO_RCVBUFFORCE = 33
NETLINK_SOCK_DIAG, NETLINK_NETFILTER = 4, 12

MAX_DATAGRAM = 1 << 17  # the kernel puts 32 KiB into each datagram of a dump
MAX_INSIDE = 1 << 20  # bytes of a dump of a container's namespace in a scrape: more than a thousand interfaces
MAX_ANSWER = 64 << 20  # bytes of one dump: a container makes interfaces and chains in its own namespace
NO_ERROR = bytes(4)  # the body of the NLMSG_DONE that ends a dump
DUMP_PAUSES = (0.0,) * 4  # seconds before each further try of a dump that was interrupted

T = TypeVar("T")
Answer = tuple[int, bytes, int, int]  # type, the datagram, start and end of the body

_sequences = itertools.count(1)  # not cycle(), which keeps every number it has yielded


def open_socket(
    protocol: int = socket.NETLINK_ROUTE,
    receive_buffer: int = 0,
    groups: tuple[int, ...] = (),
    timeout: float = 2.0,
    *,
    kernel_timeout: bool = False,
) -> socket.socket:
    """Open a netlink socket in the calling thread's network namespace.

    A receive buffer beyond net.core.rmem_max needs CAP_NET_ADMIN; without it the kernel's cap applies. A timeout of
    Python's calls poll() before each receive; `kernel_timeout` (SO_RCVTIMEO) costs nothing, raises BlockingIOError,
    and takes whole seconds.
    """
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    if protocol == socket.NETLINK_ROUTE:
        # Kernels before 4.20 lack the option: they check requests less strictly and answer all the same.
        with contextlib.suppress(OSError):
            sock.setsockopt(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
    if receive_buffer:
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.bind((0, 0))
    for group in groups:
        sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
    if kernel_timeout:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(timeout), 0))
    else:
        sock.settimeout(timeout)
    return sock


def answers(
    sock: socket.socket, request: bytes, sequence: int | None = None, max_bytes: int = MAX_ANSWER
) -> Iterator[Answer]:
    """Send a request and yield its answers as they arrive; `sequence` is a fixed number instead of a new one.

    Raises OSError for the kernel's refusal, with EMSGSIZE for more than `max_bytes` (0 = unlimited) after which the
    socket is of no further use: the kernel goes on with the dump,
    InterruptedDumpError after the last answer of a dump that is not a consistent state, MalformedError for what is not
    an answer; all are OSErrors.
    """
    sequence = _send(sock, request, sequence)
    return _answers(lambda: sock.recv(MAX_DATAGRAM), sequence, max_bytes)


def _send(sock: socket.socket, request: bytes, sequence: int | None = None) -> int:
    """Send a request with this number or a new one; return it."""
    sequence = next(_sequences) & 0x7FFFFFFF if sequence is None else sequence
    sock.send(request[:SEQUENCE_AT] + U32.pack(sequence) + request[SEQUENCE_AT + U32.size :])
    return sequence


def _answers(receive: Callable[[], bytes], sequence: int, max_bytes: int) -> Iterator[Answer]:
    seen = size = 0
    while True:
        data = receive()
        size += len(data)
        if size > max_bytes > 0:
            raise OSError(errno.EMSGSIZE, f"an answer of more than {max_bytes >> 20} MiB")
        for kind, flags, number, start, end in messages(data):
            if number != sequence:
                continue  # the late answer to a request that timed out
            seen |= flags
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                raise_error(data, start, end)
                if seen & NLM_F_DUMP_INTR:
                    raise InterruptedDumpError
                return
            yield kind, data, start, end
            if not flags & NLM_F_MULTI:
                return


def dump_again(sock: socket.socket, request: bytes, sizes: Sequence[int]) -> list[bytes]:
    """Return the datagrams of a dump; while they have the sizes of an earlier one, their messages are not looked at.

    Such a dump may be interrupted: the caller has to see whether it is a consistent state. Raises as `answers` does.
    """
    sequence = _send(sock, request)
    found: list[bytes] = []
    for size in sizes:
        found.append(sock.recv(MAX_DATAGRAM))
        _, kind, _, number, _ = HEADER.unpack_from(found[-1])
        if (len(found[-1]), number) != (size, sequence) or kind == NLMSG_ERROR:
            break
    else:
        if found and found[-1].endswith(NO_ERROR):
            return found
    earlier = iter(found[:])

    def receive() -> bytes:
        data = next(earlier, None)
        if data is None:
            found.append(data := sock.recv(MAX_DATAGRAM))
        return data

    for _ in _answers(receive, sequence, MAX_ANSWER):
        pass
    return [data for data in found if HEADER.unpack_from(data)[3] == sequence]


def ask(sock: socket.socket, request: bytes, max_bytes: int = MAX_ANSWER) -> list[Answer]:
    """Return all answers to a request. Raises as `answers` does."""
    return list(answers(sock, request, max_bytes=max_bytes))


def ask_again(sock: socket.socket, request: bytes, max_bytes: int = MAX_ANSWER) -> list[Answer]:
    """`ask`, repeated a few times while concurrent changes interrupt the dump."""
    return repeated(lambda: ask(sock, request, max_bytes))


def repeated(dump: Callable[[], T], pauses: Iterable[float] = DUMP_PAUSES) -> T:
    """Return the result of a dump, repeated after each pause (seconds) while it is interrupted."""
    for pause in pauses:
        with contextlib.suppress(InterruptedDumpError):
            return dump()
        time.sleep(pause)
    return dump()


def drain(sock: socket.socket) -> bool:
    """Discard all waiting notifications of a non-blocking socket; return whether there was one, or one was lost."""
    found = False
    while True:
        try:
            sock.recv(MAX_DATAGRAM)
        except BlockingIOError:
            return found
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
        found = True
