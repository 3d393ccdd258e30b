"""Lets clients in: at most so many at once, each under the TLS configuration of its moment."""

import asyncio
import socket
from collections.abc import Callable, Iterable

import structlog

from exporter.web.access.tls import ServerTls
from exporter.web.server.connection import HEAD_SECONDS, Connection, first_to_give_way

MOST_CONNECTIONS = 512
GOODBYE_SECONDS = 1.0  # for the client's part of the end of TLS
PAUSE_SECONDS = 1.0  # when the process has no descriptor left

log = structlog.get_logger(component="web")


class Door:
    """Accepts connections on bound sockets and hands them to protocols that `make_protocol` makes.

    asyncio's own servers hold one TLS context for ever and count nothing, so the accepting is done here.
    """

    def __init__(self, make_protocol: Callable[[], asyncio.Protocol], tls: Callable[[], ServerTls | None]) -> None:
        self._make_protocol = make_protocol
        self._tls = tls
        self._accepting: dict[socket.socket, asyncio.Task[None]] = {}
        self._connections: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def open(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept."""
        for listener in sockets:
            listener.setblocking(False)  # noqa: FBT003  socket's own signature
            self._accepting[listener] = asyncio.create_task(self._accept(listener))

    @property
    def open_connections(self) -> int:
        """How many connections there are, with those whose handshake is not done."""
        return len(self._connections)

    async def close(self, seconds: float) -> None:
        """Accept no more, and end what is open: at once where nothing is owed, else after `seconds` at most."""
        for listener, task in self._accepting.items():
            task.cancel()
            await asyncio.wait([task])
            listener.close()
        for connection in [*self._connections]:
            if connection.owes_since is not None or connection.streams:
                connection.end()
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            for connection in [*self._connections]:
                connection.end()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except ConnectionError:  # it is gone already
                continue
            except OSError as error:
                log.warning("no connection can be accepted", reason=error.strerror)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self._let_in(accepted)
            await asyncio.sleep(0)  # sock_accept does not wait while there are more, and others want their turn

    def _let_in(self, accepted: socket.socket) -> None:
        if len(self._connections) >= MOST_CONNECTIONS:
            if not (slow := first_to_give_way(self._connections)):
                accepted.close()
                return
            slow.end()
            self._forget(slow)
        connection = Connection(self._make_protocol(), self._tls(), self._forget)
        self._connections.add(connection)
        self._empty.clear()
        connection.greeting = asyncio.create_task(self._greet(connection, accepted))
        connection.greeting.add_done_callback(lambda task: self._greeted(connection, accepted, task))

    async def _greet(self, connection: Connection, accepted: socket.socket) -> None:
        """Make the connection; with TLS this takes until the handshake is done."""
        connect = asyncio.get_running_loop().connect_accepted_socket
        if connection.tls is None:
            await connect(lambda: connection, accepted)
            return
        await connect(
            lambda: connection,
            accepted,
            ssl=connection.tls.context,
            ssl_handshake_timeout=HEAD_SECONDS,
            ssl_shutdown_timeout=GOODBYE_SECONDS,
        )

    def _greeted(self, connection: Connection, accepted: socket.socket, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.debug("connection was not made", reason=str(error))
        if not connection.made:
            accepted.close()
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
