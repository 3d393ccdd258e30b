"""The wire format of rtnetlink, as little of it as the hot paths need.

pyroute2 gives the numbers and serves what is rare; a full decode of one link costs it 250 us, a host has thousands.
Sources: linux/netlink.h, linux/rtnetlink.h.
"""

import contextlib
import itertools
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

from pyroute2.netlink import NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK

__all__ = [
    "NLMSG_DONE",
    "NLMSG_ERROR",
    "NLM_F_DUMP",
    "NLM_F_DUMP_INTR",
    "RTM_DELLINK",
    "RTM_GETLINK",
    "RTM_NEWLINK",
]

# linux/netlink.h and asm-generic/socket.h; Python's socket module and pyroute2 have no names for them.
SOL_NETLINK = 270
NLM_F_MULTI = 0x2
NETLINK_ADD_MEMBERSHIP = 1
NETLINK_GET_STRICT_CHK = 12
SO_RCVBUFFORCE = 33

HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
ATTRIBUTE = struct.Struct("=HH")  # nlattr: length, type
ERROR = struct.Struct("=i")  # nlmsgerr starts with it, and so does the body of NLMSG_DONE
SEQUENCE = struct.Struct("=I")
SEQUENCE_AT = 8
NLA_TYPE_MASK = 0x3FFF
MAX_ERRNO = 4095
DATAGRAM = 1 << 16  # the kernel fills 32 KiB per datagram of a dump

DUMP_TRIES = 5

_sequences = itertools.count(1)  # and no cycle: that keeps all that it has told, to tell it again


class MalformedError(OSError, ValueError):
    """A message is not what its format says: no part of it is believed. The text says what was not understood."""


class InterruptedDumpError(OSError):
    """The kernel changed its table while it dumped it (NLM_F_DUMP_INTR): what was read is no consistent state."""


def open_socket(
    receive_buffer: int = 0,
    groups: tuple[int, ...] = (),
    timeout: float = 2.0,
    *,
    kernel_keeps_time: bool = False,
) -> socket.socket:
    """Open an rtnetlink socket in the calling thread's network namespace.

    A receive buffer beyond net.core.rmem_max needs CAP_NET_ADMIN; without it the kernel's cap applies. A time-out of
    Python's asks with poll() before each receive; one that the kernel keeps costs nothing, is told as a
    BlockingIOError, and takes whole seconds.
    """
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    # Kernels before 4.20 do not know the option; they check the request less strictly and answer all the same.
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
    if kernel_keeps_time:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(timeout), 0))
    else:
        sock.settimeout(timeout)
    return sock


def message(kind: int, flags: int, body: bytes, sequence: int = 1) -> bytes:
    """Encode one request."""
    return HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | flags, sequence, 0) + body


def attribute(kind: int, payload: bytes) -> bytes:
    """Encode one attribute, padded to four bytes."""
    length = ATTRIBUTE.size + len(payload)
    return ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def messages(data: memoryview | bytes) -> Iterator[tuple[int, int, int, int]]:
    """Walk one datagram: (type, flags, start of the body, end) of each message."""
    offset, size = 0, len(data)
    while offset + HEADER.size <= size:
        length, kind, flags, _, _ = HEADER.unpack_from(data, offset)
        if length < HEADER.size or offset + length > size:
            return
        yield kind, flags, offset + HEADER.size, offset + length
        offset += (length + 3) & ~3


def whole_messages(data: memoryview | bytes) -> Iterator[tuple[int, int, int, int]]:
    """Walk a datagram that its messages have to fill: of a dump, one left out would look like a device that went."""
    reached = 0
    for found in messages(data):
        reached = found[3]
        yield found
    if (reached + 3) & ~3 < len(data):
        raise MalformedError(f"a datagram of {len(data)} bytes is no message from byte {reached} on")


def attributes(data: memoryview | bytes, start: int, end: int) -> dict[int, bytes]:
    """Collect the attributes between two offsets: type -> payload; of a repeated one the last.

    Raises MalformedError for one that runs past the end, where what is there belongs to somebody else, and for one
    that is shorter than its own head.
    """
    found: dict[int, bytes] = {}
    while start + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(data, start)
        if not ATTRIBUTE.size <= length <= end - start:
            raise MalformedError(f"attribute {kind & NLA_TYPE_MASK} has {length} bytes where {end - start} are left")
        found[kind & NLA_TYPE_MASK] = bytes(data[start + ATTRIBUTE.size : start + length])
        start += (length + 3) & ~3
    return found


def head(form: struct.Struct, data: memoryview | bytes, start: int, end: int, what: str) -> tuple[Any, ...]:
    """Unpack what a body begins with; MalformedError when the body is shorter."""
    if end - start < form.size:
        raise MalformedError(f"{what} of {end - start} bytes, of which the head alone has {form.size}")
    return form.unpack_from(data, start)


def number(form: struct.Struct, payload: bytes, what: str) -> int:
    """Unpack a payload that is one number; MalformedError for any other size: half a number is another."""
    if len(payload) != form.size:
        raise MalformedError(f"{what} is {len(payload)} bytes and no number of {form.size}")
    return int(form.unpack(payload)[0])


def raise_error(data: memoryview | bytes, start: int, end: int) -> None:
    """Raise the error that a message of type NLMSG_ERROR or NLMSG_DONE holds, if any.

    A refused *dump* tells its error inside NLMSG_DONE: who ignores it reads "there is nothing".
    """
    if start == end and HEADER.unpack_from(data, start - HEADER.size)[1] == NLMSG_DONE:
        return
    (error,) = head(ERROR, data, start, end, "the end of an answer")
    if not -MAX_ERRNO <= error <= 0:
        raise MalformedError(f"an answer ends with {error}, which is no error number")
    if error:
        raise OSError(-error, os.strerror(-error))


def ask(sock: socket.socket, request: bytes) -> list[tuple[int, memoryview, int, int]]:
    """Send one request and collect its answers: (type, datagram, start of the body, end).

    Raises OSError for the kernel's refusal, InterruptedDumpError when a dump is no consistent state, MalformedError
    when what arrived is no answer; all are OSErrors.
    """
    sequence = next(_sequences) & 0x7FFFFFFF
    sock.send(request[:SEQUENCE_AT] + SEQUENCE.pack(sequence) + request[SEQUENCE_AT + SEQUENCE.size :])
    answers: list[tuple[int, memoryview, int, int]] = []
    interrupted = False
    while True:
        data = memoryview(sock.recv(DATAGRAM))
        for kind, flags, start, end in whole_messages(data):
            if SEQUENCE.unpack_from(data, start - HEADER.size + SEQUENCE_AT)[0] != sequence:
                continue  # the late answer to a question that timed out
            interrupted |= bool(flags & NLM_F_DUMP_INTR)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                raise_error(data, start, end)
                if interrupted:
                    raise InterruptedDumpError
                return answers
            answers.append((kind, data, start, end))
            if not flags & NLM_F_MULTI:
                return answers


def ask_again(sock: socket.socket, request: bytes) -> list[tuple[int, memoryview, int, int]]:
    """`ask`, repeated a few times while a concurrent writer interrupts the dump."""
    for _ in range(DUMP_TRIES - 1):
        with contextlib.suppress(InterruptedDumpError):
            return ask(sock, request)
    return ask(sock, request)
