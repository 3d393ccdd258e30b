"""HTTP/1.1 on one connection: requests one after another, each answered by a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from http import HTTPStatus

import h11
from msgspec import Struct

from exporter.log import get_logger
from exporter.web.http.request import RefusedRequestError, Request, parse_request
from exporter.web.http.response import text
from exporter.web.server.connection import Connection
from exporter.web.server.exchange import Exchange

MAX_HEAD = 32 * 1024
UNKNOWN = "GET"  # the method of a request that is refused before that is known

log = get_logger(component="web")


class Service(Struct, frozen=True):
    """What all connections share.

    `answer` answers a request; `headers` are those of every answer; `spawn` starts a task; `stopping`: after an answer
    its connection is closed.
    """

    answer: Callable[[Exchange], Awaitable[None]]
    headers: Callable[[], Mapping[str, str]]
    spawn: Callable[[Coroutine[None, None, None]], asyncio.Task[None]]
    stopping: Callable[[], bool]


class HttpProtocol:
    """Passes what is received to h11, and answers one request at a time."""

    def __init__(self, connection: Connection, service: Service) -> None:
        self._connection = connection
        self._service = service
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    def data_received(self, data: bytes) -> None:
        """Begin with the next request once its head is complete; what comes after the last one is not read."""
        if self._ended:
            return
        # In pieces, since h11 limits a head only while it is not complete: 64 KiB are the most.
        for start in range(0, len(data), MAX_HEAD):
            self._http.receive_data(data[start : start + MAX_HEAD])
            if self._task is None:
                self._begin()

    def eof_received(self) -> None:
        """Refuse at once what will never be a whole request."""
        if not self._ended:
            self._http.receive_data(b"")
            if self._task is None:
                self._begin()

    def connection_lost(self) -> None:
        """End the answer that is under way."""
        self._ended = True
        if self._task:
            self._task.cancel()

    def _begin(self) -> None:
        method = UNKNOWN
        try:
            event = self._http.next_event()
            if not isinstance(event, h11.Request):  # the head is not complete
                return
            method = event.method.decode()
            request = parse_request(event)
            # A body is not read, and so the connection ends with the answer.
            has_body = not isinstance(self._http.next_event(), h11.EndOfMessage)
            work = self._answer(request, has_body=has_body)
        except RefusedRequestError as error:
            work = self._refuse(method, error.status)
        except h11.RemoteProtocolError as error:
            work = self._refuse(method, HTTPStatus(error.error_status_hint))
        self._connection.begin_request()
        self._task = self._service.spawn(work)

    async def _answer(self, request: Request, *, has_body: bool) -> None:
        exchange = self._exchange(request, closes=has_body or self._service.stopping())
        await self._complete(self._service.answer(exchange), request.path, linger=has_body)

    async def _refuse(self, method: str, status: HTTPStatus) -> None:
        """Answer in a few words, without a quotation of the request, and close the connection."""
        log.debug("request refused", status=int(status))
        exchange = self._exchange(Request(method, "", {}, {}), closes=True)
        await self._complete(exchange.send(text(f"{status.phrase.lower()}\n", status)), "", linger=True)

    async def _complete(self, answering: Awaitable[None], path: str, *, linger: bool) -> None:
        """Wait for an answer: one that fails closes its connection, which no deadline would end."""
        try:
            await answering
        except Exception:
            log.exception("answer failed", path=path)
            self._connection.abort()
        self._end(linger=linger)

    def _exchange(self, request: Request, *, closes: bool) -> Exchange:
        return Exchange(request, self._http, self._connection, self._service.headers, closes=closes)

    def _end(self, *, linger: bool) -> None:
        """After an answer: the next request, or the end; `linger` while the client may still send."""
        self._task = None
        self._connection.end_request(len(self._http.trailing_data[0]))
        if self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE} or self._service.stopping():
            self._ended = True
            self._connection.finish(linger=linger)
        elif not self._ended:
            self._http.start_next_cycle()
            self._begin()
