"""What carries requests to an engine: a Unix socket, or docker-py for all other addresses."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from email.message import Message
from typing import Protocol

from msgspec import Struct

from exporter.docker_engine.budget import Budget
from exporter.docker_engine.host import socket_path
from exporter.docker_engine.tls import EngineTls

Params = Mapping[str, str | int]


class Answer(Struct, frozen=True):
    """An answer whose head was read; the pieces of its body come when they are iterated.

    The name of a header is found in upper and lower case.
    """

    status: int
    headers: Mapping[str, str] | Message
    pieces: Iterator[bytes]


class Transport(Protocol):
    """One connection, with answers within a budget; not thread-safe."""

    def get(self, path: str, params: Params, read_timeout: float, *, stream: bool) -> AbstractContextManager[Answer]:
        """Send a request; the answer is read within a with block. `stream`: pieces as they come, else of one size.

        Raises OSError (TimeoutError after `read_timeout` seconds without a byte), HTTPException or ValueError.
        """

    def close(self) -> None:
        """Close the connection."""


def make_transport(host: str, timeout: float, budget: Budget, tls: EngineTls | None) -> Transport:
    """Return the transport for an address; it connects with the first request, within `timeout` seconds."""
    if path := socket_path(host):
        from exporter.docker_engine.unix_transport import UnixTransport

        return UnixTransport(path, timeout, budget)
    # docker-py and requests take 10 MB, which most hosts need not spend.
    from exporter.docker_engine.tcp_transport import TcpTransport

    return TcpTransport(host, timeout, budget, tls)
