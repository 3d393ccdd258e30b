"""One client's connection: bytes pass to aiohttp's protocol, and what the client owes in time is watched here.

A client may be slow to ask (half a head, then silence), slow to take its answer (it does not read), or send more than
anybody has to. Each has a limit, and who is slow gives way to who is new.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from exporter.web.access.tls import ServerTls

HEAD_SECONDS = 10.0  # for the head of a request, from its first byte or from the beginning of the connection
# Between requests; longer than the usual scrape intervals, so that Prometheus keeps its connection.
IDLE_SECONDS = 75.0
TAKE_SECONDS = 30.0  # for taking an answer
LAST_WORD_SECONDS = 1.0  # for a request of who has said that it will send no more
MOST_BYTES = 64 * 1024  # of one request, all of it

log = structlog.get_logger(component="web")


class Connection(asyncio.Protocol):
    """Stands between a transport and aiohttp. It is waiting for a request, or a request is being worked on."""

    def __init__(self, inner: asyncio.Protocol, tls: ServerTls | None, ended: Callable[["Connection"], None]) -> None:
        """`ended` is told when a connection that was made is no more."""
        self._loop = asyncio.get_running_loop()
        self._inner = inner
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._admitted = False
        self._received = 0
        self._sends_no_more = False
        self._deadline: asyncio.TimerHandle | None = None
        self.tls = tls
        self.greeting: asyncio.Task[None] | None = None
        self.answered = False
        self.waits_since: float | None = self._loop.time()
        self.stalled_since: float | None = None
        self.streams = False

    @property
    def made(self) -> bool:
        """Whether it came to be; with TLS, whether the handshake is done."""
        return self._transport is not None

    @property
    def owes_since(self) -> float | None:
        """Since when the next step is the client's: to ask, or to take its answer."""
        return self.waits_since if self.stalled_since is None else self.stalled_since

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if the client's certificate is one of those that are let in."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  asyncio's signature is for pipes too
        self._transport = transport
        if self.tls and not self.tls.clients.admits(transport.get_extra_info("peercert") or {}):
            log.debug("client certificate refused", peer=transport.get_extra_info("peername"))
            transport.abort()
            return
        self._admitted = True
        transport.set_write_buffer_limits(high=1, low=0)  # so that writing is paused while anything is not taken
        self._within(HEAD_SECONDS)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, if it is not too much already."""
        if not self._admitted or self._received > MOST_BYTES:
            self.end()
            return
        if self.answered and not self._received and self.waits_since is not None:
            self._within(HEAD_SECONDS)
        self._received += len(data)
        self._inner.data_received(data)

    def eof_received(self) -> bool:
        """Keep open what may still have to be answered: whoever pipes a request into netcat waits for the answer."""
        self._inner.eof_received()
        self._sends_no_more = True
        if self.waits_since is not None:  # aiohttp begins to work on what came in a later turn of the loop
            self._within(LAST_WORD_SECONDS)
        return bool(self._received) and self.tls is None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything."""
        self._within(None)
        if self._admitted:
            self._inner.connection_lost(exc)
        self._ended(self)

    def pause_writing(self) -> None:
        """Note that an answer is not taken."""
        self.stalled_since = self._loop.time()
        self._within(TAKE_SECONDS)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Note that it was taken."""
        self.stalled_since = None
        self._within(None if self.waits_since is None else IDLE_SECONDS)
        self._inner.resume_writing()

    def begin_request(self) -> None:
        """Note that a request is there: from here on the client waits for the server."""
        self.waits_since = None
        if self.stalled_since is None:
            self._within(None)

    def end_request(self) -> None:
        """Note that it is answered."""
        self.answered, self.streams = True, False
        self.waits_since, self._received = self._loop.time(), 0
        if self.stalled_since is None:
            self._within(IDLE_SECONDS)
        if self._sends_no_more and self._transport:
            self._transport.close()

    def end(self) -> None:
        """Close at once, whatever was not taken."""
        if self._transport:
            self._transport.abort()
        elif self.greeting:
            self.greeting.cancel()

    def _within(self, seconds: float | None) -> None:
        """End the connection after so long; None is never. There is one deadline at a time."""
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self._loop.call_later(seconds, self.end)


def first_to_give_way(connections: Iterable[Connection]) -> Connection | None:
    """Return who has no request, or does not take its answer, for longest; None when the server owes all something.

    Who was never answered goes first, so that idle scrapers outlive clients that never come to the point.
    """

    def order(connection: Connection) -> tuple[bool, float]:
        return connection.answered, connection.owes_since or 0.0

    return min((connection for connection in connections if connection.owes_since is not None), key=order, default=None)
