"""One request on a connection, and its answer on the way to the client."""

import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

import h11

from exporter.web.http.request import Request
from exporter.web.http.response import Response, Stream
from exporter.web.server.connection import Connection

JOINED_BYTES = 64 * 1024  # up to here head and body are one segment; a larger body is not copied


class Exchange:
    """A request, its connection, and the headers of all answers. `closes`: the answer is the connection's last."""

    def __init__(
        self,
        request: Request,
        http: h11.Connection,
        connection: Connection,
        headers: Callable[[], Mapping[str, str]],
        *,
        closes: bool,
    ) -> None:
        self.request = request
        self.connection = connection
        self._http = http
        self._headers = headers
        self._closes = closes

    async def send(self, response: Response | Stream) -> None:
        """Send all of an answer; then the client's kernel has it, or at least ours. Ends early when the client does."""
        try:
            if isinstance(response, Stream):
                await self._send_stream(response)
            else:
                await self._send_whole(response)
        except ConnectionError:
            self._http.send_failed()

    async def _send_whole(self, response: Response) -> None:
        head = self._head(response, {"Content-Length": str(len(response.body))})
        body = response.body if self.request.method != "HEAD" else b""
        if body:
            self._http.send_with_data_passthrough(h11.Data(data=body))  # h11 counts it and gives it back
        self._http.send(h11.EndOfMessage())
        if len(body) <= JOINED_BYTES:
            self.connection.write(head + body)
        else:
            self.connection.write(head)
            self.connection.write(body)
        await self.connection.drained()

    async def _send_stream(self, response: Stream) -> None:
        async with aclosing(response.pieces) as pieces:
            self.connection.write(self._head(response, {}))
            await self.connection.drained()
            if self.request.method != "HEAD":
                async for piece in pieces:
                    self._write(h11.Data(data=piece))
                    await self.connection.drained()
        self._write(h11.EndOfMessage())

    def _write(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self.connection.write(data)

    def _head(self, response: Response | Stream, framing: Mapping[str, str]) -> bytes:
        headers = {
            "Date": _date(int(time.time())),
            "Content-Type": response.content_type,
            **framing,
            **({"Connection": "close"} if self._closes else {}),
            **response.headers,
            **self._headers(),
        }
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        status = HTTPStatus(response.status)
        event = h11.Response(status_code=status, headers=lines, reason=status.phrase)
        return self._http.send(event) or b""


@lru_cache(1)
def _date(now: int) -> str:
    return formatdate(now, usegmt=True)
