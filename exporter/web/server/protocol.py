"""HTTP/1.1 on one connection: requests one after another, each answered by a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass

from exporter.log import get_logger
from exporter.web.http.request import MalformedRequestError, Request, parse_head, take_head
from exporter.web.http.response import text
from exporter.web.server.connection import Connection
from exporter.web.server.exchange import Exchange

# Stands for a request that could not be parsed.
UNKNOWN = Request("GET", "", {}, {}, "1.1")

log = get_logger(component="web")


@dataclass(frozen=True, slots=True)
class Service:
    """What all connections share.

    `answer` answers a request; `headers` are those of every answer; `spawn` starts a task; `stopping`: after an answer
    its connection is closed.
    """

    answer: Callable[[Exchange], Awaitable[None]]
    headers: Callable[[], Mapping[str, str]]
    spawn: Callable[[Coroutine[None, None, None]], asyncio.Task[None]]
    stopping: Callable[[], bool]


class HttpProtocol:
    """Parses what is received, and answers one request at a time."""

    def __init__(self, connection: Connection, service: Service) -> None:
        self._connection = connection
        self._service = service
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    def data_received(self, data: bytes) -> None:
        """Begin with the next request once its head is complete; what comes after the last one is not read."""
        if self._ended:
            return
        self._received += data
        if self._task is None:
            self._begin()

    def connection_lost(self) -> None:
        """End the answer that is under way."""
        self._ended = True
        if self._task:
            self._task.cancel()

    def _begin(self) -> None:
        try:
            head = take_head(self._received)
            request = parse_head(head) if head is not None else None
        except MalformedRequestError as error:
            log.debug("malformed request", reason=str(error))
            work = self._reject(error)
        else:
            if request is None:
                return
            work = self._answer(request)
        self._connection.begin_request()
        self._task = self._service.spawn(work)

    async def _answer(self, request: Request) -> None:
        keeps_alive = request.keeps_alive and not self._service.stopping()
        exchange = Exchange(request, self._connection, self._service.headers, keeps_alive=keeps_alive)
        try:
            await self._service.answer(exchange)
        except Exception:
            log.exception("answer failed", path=request.path)
            self._connection.abort()
        self._end(keeps_alive=exchange.keeps_alive and not self._service.stopping(), linger=request.has_body)

    async def _reject(self, error: MalformedRequestError) -> None:
        """Answer in a few words, without a quotation of the request, and close the connection."""
        exchange = Exchange(UNKNOWN, self._connection, self._service.headers, keeps_alive=False)
        await exchange.send(text(f"{error.status.phrase.lower()}\n", error.status))
        self._end(keeps_alive=False, linger=True)

    def _end(self, *, keeps_alive: bool, linger: bool) -> None:
        """After an answer: the next request, or the end; `linger` while the client may still send."""
        self._task = None
        self._connection.end_request(len(self._received))
        if not keeps_alive:
            self._ended = True
            self._connection.finish(linger=linger)
        elif not self._ended and self._received:
            self._begin()
