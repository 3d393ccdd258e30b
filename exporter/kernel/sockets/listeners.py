"""Who listens in a network namespace: TCP sockets in LISTEN and UDP sockets without a peer, of both families."""

import contextlib
import errno
import hashlib
import itertools
import socket
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from exporter.core.model.memo import keep_equal
from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.netlink.inet_diag import (
    ANSWERS,
    ANY_STATE,
    LISTEN,
    UNCONNECTED,
    marks,
    open_diag_socket,
    parse_socket,
    parse_state,
    question,
    read_dump,
    read_tcp,
)
from exporter.kernel.netlink.messages import messages
from exporter.kernel.sockets.selection import Row, select

FAMILIES = (socket.AF_INET, socket.AF_INET6)
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
UDP_REQUESTS = tuple(question(family, UDP, 1 << UNCONNECTED) for family in FAMILIES)
MAX_OF_NAMESPACE = 1 << 14  # of a container

Answers = tuple[tuple[int, Sequence[bytes]], ...]  # protocol, the datagrams of a dump


class Listening(Struct, frozen=True):
    """The listening sockets: the same object while there are no others.

    `omitted` is how many were left out (see selection.py), `hides_declared` whether one of them is on a port that a
    container declares.
    """

    sockets: tuple[ListeningSocket, ...] = ()
    omitted: int = 0
    hides_declared: bool = False


class SocketReader:
    """Reads the listening sockets of one namespace again and again: of the thread's that reads first.

    Dumps of the same bytes are the same sockets, and only those that are new get decoded.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._cause: tuple[bytes, object] = b"", None
        self._decoded: dict[bytes, ListeningSocket] = {}
        self._latest = Listening()

    def close(self) -> None:
        """Close the netlink socket."""
        if self._socket:
            self._socket.close()
        self._socket = None

    def read(self, declared: Collection[tuple[str, int]] = ()) -> Listening:
        """Read them; those on `declared` ports (protocol, number) are the last to be left out. Raises OSError."""
        self._socket = self._socket or open_diag_socket()
        try:
            answers = read_answers(self._socket)
        except OSError:
            self.close()  # what is left of an answer must not be taken for the next one
            raise
        cause = digest(answers), declared
        if cause != self._cause:
            chosen = select([*rows(answers)], declared)
            self._decoded = self._decode(chosen.kept)
            sockets = keep_equal(self._latest.sockets, tuple(self._decoded.values()))
            self._latest = keep_equal(self._latest, Listening(sockets, chosen.omitted, chosen.hides_declared))
            self._cause = cause
        return self._latest

    def _decode(self, kept: Iterable[Row]) -> dict[bytes, ListeningSocket]:
        decoded = {}
        for protocol, data, start, end in kept:
            key = marks(data, start, end)
            decoded[key] = self._decoded.get(key) or parse_socket(data, start, end, protocol)
        return decoded


def read_answers(sock: socket.socket) -> Answers:
    """Ask for the listening sockets of a netlink socket's namespace."""
    udp = ((UDP, read_dump(sock, request)) for request in UDP_REQUESTS)
    return (read_tcp_listeners(sock), *udp)


def read_tcp_listeners(sock: socket.socket) -> tuple[int, list[bytes]]:
    """Ask for those of TCP."""
    return TCP, read_tcp(sock, 1 << LISTEN)


def bodies(datagrams: Iterable[bytes]) -> Iterable[tuple[bytes, int, int]]:
    """Yield datagram, start and end of each answer about a socket."""
    for data in datagrams:
        for kind, _, _, start, end in messages(data):
            if kind in ANSWERS:
                yield data, start, end


def rows(answers: Answers) -> Iterable[Row]:
    """Yield all sockets of the answers."""
    for protocol, datagrams in answers:
        for data, start, end in bodies(datagrams):
            yield Row(protocol, data, start, end)


def digest(answers: Answers) -> bytes:
    """Return a digest of the answers: the answers of a hundred thousand sockets are not kept."""
    found = hashlib.blake2b(digest_size=16)
    for protocol, datagrams in answers:
        found.update(b"%d %d " % (protocol, len(datagrams)))
        for data in datagrams:
            found.update(data)
    return found.digest()


def parse_listeners(answers: Answers) -> tuple[ListeningSocket, ...]:
    """Parse the answers to all questions for listening sockets."""
    return tuple(
        parse_socket(data, start, end, protocol)
        for protocol, datagrams in answers
        for data, start, end in bodies(datagrams)
    )


def read_own_answers() -> Answers:
    """Ask in the calling thread's namespace; nothing stays open that would keep it alive. Raises OSError."""
    with contextlib.closing(open_diag_socket()) as sock:
        return read_answers(sock)


def parse_bounded(answers: Answers) -> tuple[ListeningSocket, ...]:
    """Parse the answers of a container's namespace. Raises OSError with EMSGSIZE for more than MAX_OF_NAMESPACE."""
    found = parse_listeners(answers)
    if len(found) > MAX_OF_NAMESPACE:
        raise OSError(errno.EMSGSIZE, f"more than {MAX_OF_NAMESPACE} listening sockets")
    return found


def read_any_state(port: int) -> tuple[tuple[str, ListeningSocket], ...]:
    """Read all sockets of the calling thread's namespace with this local port, each with its state. Raises OSError.

    The kernel walks the table of all connections for it: some ten milliseconds on a busy host.
    """
    found = []
    with contextlib.closing(open_diag_socket()) as sock:
        for protocol, family in itertools.product((TCP, UDP), FAMILIES):
            for data, start, end in bodies(read_dump(sock, question(family, protocol, ANY_STATE, port))):
                held = parse_socket(data, start, end, protocol)
                found.append((parse_state(data, start), held))
    # The kernel does not filter by port what is bound and nothing else (seen on Linux 6.18).
    return tuple((state, held) for state, held in found if held.port == port)
