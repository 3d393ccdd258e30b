"""Accepts clients: a limited number at once, each under the TLS configuration of its moment."""

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Callable, Iterable

from exporter.log import get_logger
from exporter.web.access.tls import ServerTls
from exporter.web.server.client_address import client_of
from exporter.web.server.client_limits import ClientLimits
from exporter.web.server.connection import Connection, Inner, least_recently_active, longest

PAUSE_SECONDS = 1.0  # after an accept that failed
REPORT_SECONDS = 60.0  # between two entries in the log about that
# No descriptor or no memory is left for a connection.
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = get_logger(component="web")


class Acceptor:
    """Accepts connections on bound sockets and hands them to protocols that `make_protocol` makes.

    asyncio's own servers keep one TLS context and have no limit, so the accepting is done here.
    """

    def __init__(
        self,
        make_protocol: Callable[[Connection], Inner],
        tls: Callable[[], ServerTls | None],
        limits: ClientLimits,
    ) -> None:
        self._make_protocol = make_protocol
        self._tls = tls
        self._limits = limits
        self._accepting: dict[socket.socket, asyncio.Task[None]] = {}
        self._connections: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._next_report = 0.0

    def start(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept."""
        for listener in sockets:
            listener.setblocking(False)  # noqa: FBT003  socket's own signature
            self._accepting[listener] = asyncio.create_task(self._accept(listener))

    @property
    def open_connections(self) -> int:
        """How many connections there are, with those whose handshake is not done."""
        return len(self._connections)

    async def close(self) -> None:
        """Accept no more, and close what is open: at once where no answer is pending, else after the limit."""
        for listener, task in self._accepting.items():
            task.cancel()
            await asyncio.wait([task])
            listener.close()
        for connection in [*self._connections]:
            if connection.is_pending or connection.streams:
                connection.abort()
        try:
            async with asyncio.timeout(self._limits.shutdown):
                await self._empty.wait()
        except TimeoutError:
            for connection in [*self._connections]:
                connection.abort()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listener)
            except ConnectionError:  # it is gone already
                continue
            except OSError as error:
                self._report(error, loop.time())
                has_room = error.errno in NO_ROOM and self._make_room()
                await asyncio.sleep(0 if has_room else PAUSE_SECONDS)
                continue
            self._admit(accepted, client_of(address))
            await asyncio.sleep(0)  # sock_accept does not yield while there are more

    def _report(self, error: OSError, now: float) -> None:
        if now >= self._next_report:
            log.warning("accept failed", reason=error.strerror)
            self._next_report = now + REPORT_SECONDS

    def _make_room(self) -> bool:
        """Close a connection, so that its descriptor is free for another; False when there is none to close."""
        oldest = self._least_entitled(None) if self._connections else None
        if oldest:
            oldest.abort()
            self._remove(oldest)
        return oldest is not None

    def _admit(self, accepted: socket.socket, client: str | None) -> None:
        if len(self._connections) >= self._limits.connections:
            if not (oldest := self._least_entitled(client)):
                accepted.close()
                return
            oldest.abort()
            self._remove(oldest)
        connection = Connection(self._make_protocol, client, self._tls(), self._limits, self._remove)
        self._connections.add(connection)
        self._empty.clear()
        connection.handshake = asyncio.create_task(self._connect(connection, accepted))
        connection.handshake.add_done_callback(lambda task: self._connected(connection, accepted, task))

    def _least_entitled(self, newcomer: str | None) -> Connection | None:
        """Return whose place a new connection takes; None when it gets none.

        One of the client that has most, even while it waits for the server. That client itself gets only the place of
        one of its own that is pending.
        """
        counts = Counter(connection.client for connection in self._connections)
        greedy, most = counts.most_common(1)[0]
        if counts[newcomer] == most:
            return least_recently_active(one for one in self._connections if one.client == newcomer)
        if counts[newcomer] + 1 < most:
            own = [connection for connection in self._connections if connection.client == greedy]
            return least_recently_active(own) or longest(own)
        return least_recently_active(self._connections)

    async def _connect(self, connection: Connection, accepted: socket.socket) -> None:
        """Make the connection; with TLS this takes until the handshake is done."""
        connect = asyncio.get_running_loop().connect_accepted_socket
        if connection.tls is None:
            await connect(lambda: connection, accepted)
            return
        await connect(
            lambda: connection,
            accepted,
            ssl=connection.tls.context,
            ssl_handshake_timeout=self._limits.head,
            ssl_shutdown_timeout=self._limits.goodbye,
        )

    def _connected(self, connection: Connection, accepted: socket.socket, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.debug("connection failed", reason=str(error))
        if not connection.made:
            accepted.close()
            self._remove(connection)

    def _remove(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
