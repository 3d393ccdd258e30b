"""Messages of an imaginary kernel, and a socket that answers with them."""

import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import cast

from pyroute2.netlink import NLMSG_DONE, NLMSG_ERROR

from exporter.kernel.netlink.messages import ATTRIBUTE, HEADER, NLM_F_MULTI, attribute

RTM_NEWLINK, RTM_DELLINK, RTM_NEWNSID, RTM_NEWSTATS = 16, 17, 88, 92
IFLA_STATS_LINK_64 = 1
COUNTERS = 25  # of struct rtnl_link_stats64 on Linux 6.18

Answer = bytes | Exception
Reply = Callable[[int], Iterable[Answer]]


def reply(kind: int, body: bytes, sequence: int = 1, flags: int = NLM_F_MULTI) -> bytes:
    """One message from the kernel, padded as it stands in a datagram."""
    raw = HEADER.pack(HEADER.size + len(body), kind, flags, sequence, 4711) + body
    return raw + bytes(-len(raw) % 4)


def done(sequence: int = 1, error: int = 0, flags: int = NLM_F_MULTI) -> bytes:
    """The end of a dump; a refused one has its error number in here."""
    return reply(NLMSG_DONE, struct.pack("=i", -error), sequence, flags)


def refusal(error: int, sequence: int = 1) -> bytes:
    """NLMSG_ERROR, with as much of the request as the kernel repeats."""
    return reply(NLMSG_ERROR, struct.pack("=i", -error) + HEADER.pack(16, 18, 1, sequence, 0), sequence, 0)


def stats_record(
    ifindex: int, first: int, *, sequence: int = 1, flags: int = NLM_F_MULTI, counters: int = COUNTERS
) -> bytes:
    """RTM_NEWSTATS of a device whose counters are `first` and the numbers after it."""
    payload = struct.pack(f"={counters}Q", *range(first, first + counters))
    body = struct.pack("=BBHII", 0, 0, 0, ifindex, 1) + attribute(IFLA_STATS_LINK_64, payload)
    return reply(RTM_NEWSTATS, body, sequence, flags)


def nsid_answer(nsid: int, sequence: int = 1) -> bytes:
    """The answer to RTM_GETNSID."""
    return reply(RTM_NEWNSID, bytes(4) + attribute(1, struct.pack("=i", nsid)), sequence, 0)


def raw_attribute(length: int, kind: int, payload: bytes = b"") -> bytes:
    """An attribute whose length may be a lie."""
    return ATTRIBUTE.pack(length, kind) + payload


def renumbered(datagram: bytes, sequence: int) -> bytes:
    """The same messages as answers to the request of this number."""
    data, offset = bytearray(datagram), 0
    while offset + HEADER.size <= len(data):
        data[offset + 8 : offset + 12] = struct.pack("=I", sequence)
        offset += (HEADER.unpack_from(data, offset)[0] + 3) & ~3
    return bytes(data)


def always(*datagrams: bytes) -> Reply:
    """These datagrams, whatever number the request has."""
    return lambda sequence: [renumbered(datagram, sequence) for datagram in datagrams]


class FakeSocket:
    """Answers each request with the next reply, called with the request's sequence number; silent without one."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self._waiting: list[Answer] = []
        self.requests: list[bytes] = []

    def send(self, request: bytes) -> int:
        """Record a request; the answers to earlier ones that nobody took are still waiting."""
        self.requests.append(request)
        if self._replies:
            self._waiting += self._replies.pop(0)(HEADER.unpack_from(request)[3])
        return len(request)

    def recv(self, _: int) -> bytes:
        """The next datagram; TimeoutError when there is none."""
        answer = self._waiting.pop(0) if self._waiting else TimeoutError("timed out")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def recv_into(self, buffer: memoryview) -> int:
        """The same, into a buffer."""
        answer = self.recv(len(buffer))
        buffer[: len(answer)] = answer
        return len(answer)

    def close(self) -> None:
        """Nothing is held."""


class FakeWait:
    """Stands for SocketWait: a FakeSocket can be read while it has datagrams."""

    def __init__(self, sock: FakeSocket) -> None:
        self._socket = sock
        self._ended = threading.Event()

    def until_readable(self, seconds: float | None = None) -> bool:
        """Wait a moment at most."""
        if self._socket._waiting:
            return True
        self._ended.wait(0.01 if seconds is None else min(seconds, 0.01))
        return False

    def end(self) -> None:
        """End the wait."""
        self._ended.set()

    def close(self) -> None:
        """Nothing is held."""


def as_socket(fake: FakeSocket) -> socket.socket:
    """The fake under the type of what it stands for."""
    return cast("socket.socket", fake)
