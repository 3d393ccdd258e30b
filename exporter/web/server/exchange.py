"""One request on a connection, and its answer on the way to the client."""

from collections.abc import Callable, Mapping
from contextlib import aclosing

from exporter.web.http.request import Request
from exporter.web.http.response import Response, Stream, write_head
from exporter.web.server.connection import Connection

JOINED_BYTES = 64 * 1024  # up to here head and body are one segment; a larger body is not copied


class Exchange:
    """A request, its connection, and the headers of all answers."""

    def __init__(
        self,
        request: Request,
        connection: Connection,
        headers: Callable[[], Mapping[str, str]],
        *,
        keeps_alive: bool,
    ) -> None:
        self.request = request
        self.connection = connection
        self.keeps_alive = keeps_alive
        self._headers = headers

    async def send(self, response: Response | Stream) -> None:
        """Send all of an answer; then the client's kernel has it, or at least ours. Ends early when the client does."""
        try:
            if isinstance(response, Stream):
                await self._send_stream(response)
            else:
                await self._send_whole(response)
        except ConnectionError:
            self.keeps_alive = False

    async def _send_whole(self, response: Response) -> None:
        head = self._head(response, {"Content-Length": str(len(response.body))})
        body = response.body if self.request.method != "HEAD" else b""
        if len(body) <= JOINED_BYTES:
            self.connection.write(head + body)
        else:
            self.connection.write(head)
            self.connection.write(body)
        await self.connection.drained()

    async def _send_stream(self, response: Stream) -> None:
        chunked = self.request.version == "1.1"
        self.keeps_alive = self.keeps_alive and chunked  # else the end of the connection is that of the answer
        async with aclosing(response.pieces) as pieces:
            self.connection.write(self._head(response, {"Transfer-Encoding": "chunked"} if chunked else {}))
            await self.connection.drained()
            if self.request.method == "HEAD":
                return
            async for piece in pieces:
                self.connection.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                await self.connection.drained()
        if chunked:
            self.connection.write(b"0\r\n\r\n")

    def _head(self, response: Response | Stream, framing: Mapping[str, str]) -> bytes:
        headers = {"Content-Type": response.content_type, **framing, **response.headers}
        if not self.keeps_alive:
            headers["Connection"] = "close"
        elif self.request.version == "1.0":
            headers["Connection"] = "keep-alive"
        return write_head(response.status, {**headers, **self._headers()})
