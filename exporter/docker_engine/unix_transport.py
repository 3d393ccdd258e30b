"""HTTP over an engine's Unix socket: one connection, used again while the engine leaves it open."""

import http.client
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode

from exporter.docker_engine.budget import Budget, BudgetResponse
from exporter.docker_engine.transport import Answer, Params

PIECE = 1 << 16
HEADERS = {"User-Agent": "dockernet-exporter", "Accept-Encoding": "identity"}  # a small answer must not become large


class UnixConnection(http.client.HTTPConnection):
    """http.client's connection over a Unix socket."""

    def __init__(self, path: str, timeout: float, budget: Budget) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self.response_class = partial(BudgetResponse, budget=budget)  # type: ignore[assignment]

    def connect(self) -> None:
        """Connect, within the time-out."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(self.timeout)
            sock.connect(self._path)
        except BaseException as error:
            sock.close()
            if isinstance(error, OSError):
                error.filename = self._path  # which the error of a socket does not have
            raise
        self.sock = sock


class UnixTransport:
    """A `Transport`."""

    def __init__(self, path: str, timeout: float, budget: Budget) -> None:
        self._connection = UnixConnection(path, timeout, budget)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def get(self, path: str, params: Params, read_timeout: float, *, stream: bool) -> Iterator[Answer]:
        """Send a request; see `Transport`. An answer that was not read to its end costs the connection."""
        connection, response = self._connection, None
        try:
            response = self._answer(f"{path}?{urlencode(params)}" if params else path, read_timeout)
            yield Answer(response.status, response.headers, _stream(response) if stream else _pieces(response))
        finally:
            if response is None or not response.isclosed():
                connection.close()
                if response is not None:
                    response.close()

    def _answer(self, target: str, read_timeout: float) -> http.client.HTTPResponse:
        """Send a request; once more where the engine closes a used connection meanwhile (RFC 9112, 9.3.1)."""
        connection, used = self._connection, self._is_open()
        while True:
            if not used:
                connection.connect()
            sock = connection.sock
            sock.settimeout(read_timeout)
            try:
                connection.request("GET", target, headers=HEADERS)
                response = connection.getresponse()
            except ConnectionError:
                connection.close()
                if not used:
                    raise
                used = False
            else:
                sock.settimeout(read_timeout)  # the budget of the head may have shortened it
                return response

    def _is_open(self) -> bool:
        """Close the connection where the engine has closed it, or sent bytes without a request."""
        connection = self._connection
        if connection.sock is not None:
            poll = select.poll()
            poll.register(connection.sock, select.POLLIN)
            if poll.poll(0):
                connection.close()
        return connection.sock is not None


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Read a body to its end, in pieces: a Content-Length of any size must not allocate it."""
    while piece := response.read(PIECE):
        yield piece
    if response.length:  # http.client does not miss what a closed connection leaves out
        raise http.client.IncompleteRead(b"", response.length)


def _stream(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Read a body without a known length as it comes."""
    if response.length is not None:
        yield from _pieces(response)
        return
    while piece := response.read1(PIECE):
        yield piece
