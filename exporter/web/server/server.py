"""The HTTP server: one event loop, with limits on clients, access rules and limits on routes."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable, Sequence

from exporter.web.access.access import OPEN, Access
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.routes import Route
from exporter.web.server.acceptor import Acceptor
from exporter.web.server.client_limits import DEFAULT_LIMITS, ClientLimits
from exporter.web.server.connection import Connection
from exporter.web.server.middleware import AccessMiddleware
from exporter.web.server.protocol import HttpProtocol, Service
from exporter.web.server.router import Router

CANCEL_SECONDS = 0.1  # for an answer that does not end when it is cancelled


class Server:
    """Serves routes until it is stopped."""

    def __init__(
        self,
        routes: Sequence[Route],
        access: Callable[[], Access] = lambda: OPEN,
        hosts: AllowedHosts | None = None,
        limits: ClientLimits = DEFAULT_LIMITS,
    ) -> None:
        """`access` is called for every connection and request, and may not raise; None allows every Host header."""
        self._middleware = AccessMiddleware(
            Router(routes).answer,
            access,
            hosts or AllowedHosts(),
            any_host=(route.path for route in routes if route.any_host),
            first=(route.path for route in routes if route.first),
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._service = Service(self._middleware.answer, self._middleware.headers, self._spawn, lambda: self._stopping)
        self._access, self._limits = access, limits
        self._acceptor: Acceptor | None = None

    async def start(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections on sockets that listen; they are closed at the end."""
        self._acceptor = Acceptor(self._make_protocol, lambda: self._access().tls, self._limits)
        self._acceptor.start(sockets)

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return self._acceptor.open_connections if self._acceptor else 0

    async def stop(self) -> None:
        """Close the listeners, finish requests under way, close the connections."""
        self._stopping = True
        if self._acceptor:
            await self._acceptor.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CANCEL_SECONDS)
        self._middleware.close()

    def _make_protocol(self, connection: Connection) -> HttpProtocol:
        return HttpProtocol(connection, self._service)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
