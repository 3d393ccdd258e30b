"""One client's connection: bytes pass to the protocol above, and the time that the client takes is limited here.

A client may be slow to send (half a head, then silence), slow to read its answer, or send too much. Each has a limit,
and a new client takes the place of the least recently active one.
"""

import asyncio
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Protocol

from exporter.log import get_logger
from exporter.web.access.tls import ServerTls
from exporter.web.server.client_limits import ClientLimits

log = get_logger(component="web")


class State(Enum):
    """The next step of a connection."""

    HANDSHAKE = auto()  # the client's: TLS; a refused client stays here
    WAITING = auto()  # the client's: to send a request
    ANSWERING = auto()  # the server's
    BLOCKED = auto()  # the client's: to read its answer


class Inner(Protocol):
    """The protocol above a connection."""

    def data_received(self, data: bytes) -> None:
        """Take what was received."""

    def eof_received(self) -> None:
        """Nothing more will be received."""

    def connection_lost(self) -> None:
        """End what is under way."""


class Connection(asyncio.Protocol):
    """Stands between a transport and the protocol above, in one state since a time of the event loop."""

    def __init__(
        self,
        make_inner: Callable[["Connection"], Inner],
        client: str | None,
        tls: ServerTls | None,
        limits: ClientLimits,
        ended: Callable[["Connection"], None],
    ) -> None:
        """`client` is that of `client_of`; `ended` is called when a connection that was made has been lost."""
        self._loop = asyncio.get_running_loop()
        self._inner = make_inner(self)
        self._limits = limits
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._received = 0
        self._half_closed = self._finishing = False
        self._writable: asyncio.Future[None] | None = None  # while it is blocked
        self._answering = False
        self._deadline: asyncio.TimerHandle | None = None
        self.tls = tls
        self.client = client
        self.handshake: asyncio.Task[None] | None = None
        self.answered = False
        self.streams = False
        self.state, self.since = State.HANDSHAKE, self._loop.time()

    @property
    def made(self) -> bool:
        """Whether it was made; with TLS, whether the handshake is done."""
        return self._transport is not None

    @property
    def is_pending(self) -> bool:
        """Whether the next step is the client's."""
        return self.state is not State.ANSWERING

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if the client's certificate is allowed."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  asyncio's signature is for pipes too
        self._transport = transport
        if self.tls and not self.tls.clients.admits(transport.get_extra_info("peercert") or {}):
            log.debug("client certificate rejected", peer=transport.get_extra_info("peername"))
            transport.abort()
            return
        transport.set_write_buffer_limits(high=1, low=0)  # so that writing is paused while anything is not read
        self._enter(State.WAITING, self._limits.head)

    def data_received(self, data: bytes) -> None:
        """Pass data on, up to the limit."""
        if self.state is State.HANDSHAKE or self._received > self._limits.request_bytes:
            self.abort()
            return
        if self.answered and not self._received and not self._answering:
            self._set_deadline(self._limits.head)
        self._received += len(data)
        self._inner.data_received(data)

    def eof_received(self) -> bool:
        """Stay open for an answer: `printf … | nc` shuts down its side and waits."""
        self._half_closed = True
        if not self._answering:
            self._set_deadline(self._limits.half_closed)
        self._inner.eof_received()
        return self.tls is None and not self._finishing and (self._answering or bool(self._received))

    def connection_lost(self, _: Exception | None) -> None:
        """Cancel the deadline and what is under way, and report the end."""
        self._set_deadline(None)
        self._inner.connection_lost()
        del self._inner  # which refers to this one: cycles wait for the next garbage collection
        self._ended(self)

    def pause_writing(self) -> None:
        """The client does not read its answer."""
        self._enter(State.BLOCKED, self._limits.read)
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """The client has read what was written."""
        self._leave_blocked()
        if self._writable and not self._writable.done():  # a cancelled answer waits no more
            self._writable.set_result(None)

    def write(self, data: bytes) -> None:
        """Send, or keep what the client does not read yet. Raises ConnectionError when it is gone."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(data)

    async def drained(self) -> None:
        """Wait until the client has read what was written, or at least this kernel has it."""
        if self.state is State.BLOCKED and self._writable:
            await self._writable

    def begin_request(self) -> None:
        """A request was received; from here on the client waits for the server."""
        self._answering = True
        if self.state is not State.BLOCKED:
            self._enter(State.ANSWERING, None)

    def end_request(self, pending: int) -> None:
        """The request is answered; so many bytes of the next ones were received meanwhile, and count as theirs."""
        self.answered, self.streams, self._answering, self._received = True, False, False, pending
        if self.state is not State.BLOCKED:
            self._enter(State.WAITING, self._limits.head if pending else self._limits.idle)
        if self._half_closed and self._transport:
            self._transport.close()

    def finish(self, *, linger: bool) -> None:
        """Close after the last answer; `linger` for a client that may still send, which else would lose the answer."""
        transport, self._finishing = self._transport, True
        if transport is None or transport.is_closing():
            return
        if linger and not self._half_closed and transport.can_write_eof():
            try:
                transport.write_eof()
            except OSError:  # the client is gone, which the loop has not read yet
                transport.abort()
            else:
                self._set_deadline(self._limits.goodbye)
        else:
            transport.close()

    @property
    def closing(self) -> bool:
        """Whether the client is gone, or soon will be."""
        return self._transport is None or self._transport.is_closing()

    def abort(self) -> None:
        """Close at once, whatever was not read."""
        if self._transport:
            self._transport.abort()
        elif self.handshake:
            self.handshake.cancel()

    def _leave_blocked(self) -> None:
        if self._answering:
            self._enter(State.ANSWERING, None)
        else:
            self._enter(State.WAITING, self._limits.idle)

    def _enter(self, state: State, seconds: float | None) -> None:
        self.state, self.since = state, self._loop.time()
        self._set_deadline(seconds)

    def _set_deadline(self, seconds: float | None) -> None:
        """Abort after so long; None is never. There is one deadline at a time."""
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self._loop.call_later(seconds, self.abort)


def longest(connections: Iterable[Connection]) -> Connection | None:
    """Return the connection that is in its state for longest."""
    return min(connections, key=lambda connection: connection.since, default=None)


def least_recently_active(connections: Iterable[Connection]) -> Connection | None:
    """Return the connection that is pending for longest; None when all wait for the server.

    One that was never answered goes first, so that idle scrapers outlive clients that never send a request.
    """
    pending = [connection for connection in connections if connection.is_pending]
    return min(pending, key=lambda connection: (connection.answered, connection.since), default=None)
