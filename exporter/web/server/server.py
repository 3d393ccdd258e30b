"""The HTTP server: aiohttp on one event loop, with limits on clients, access rules and limits on routes."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from exporter.web.access.access import OPEN, Access
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.routes import Route
from exporter.web.server import aiohttp_log
from exporter.web.server.acceptor import Acceptor
from exporter.web.server.client_limits import DEFAULT_LIMITS, ClientLimits
from exporter.web.server.limits import LimitedRoute
from exporter.web.server.middleware import AccessMiddleware
from exporter.web.server.protocol import Protocol

CANCEL_SECONDS = 0.1  # for a handler that does not end when it is cancelled
LINGER_SECONDS = 1.0  # for the rest of a body that no handler reads


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
        self._access = access
        self._limits = limits
        self._middleware = AccessMiddleware(
            access,
            hosts or AllowedHosts(),
            any_host=(route.path for route in routes if route.any_host),
            first=(route.path for route in routes if route.first),
        )
        app = web.Application(middlewares=[self._middleware.handle], client_max_size=limits.request_bytes)
        app.on_response_prepare.append(self._prepare)
        for route in routes:
            app.router.add_get(route.path, LimitedRoute(route).answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=CANCEL_SECONDS)
        self._log = aiohttp_log.logger()
        self._acceptor: Acceptor | None = None

    async def start(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections on sockets that listen; they are closed at the end."""
        await self._runner.setup()
        self._acceptor = Acceptor(self._make_protocol, lambda: self._access().tls, self._limits)
        self._acceptor.start(sockets)

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return self._acceptor.open_connections if self._acceptor else 0

    async def stop(self) -> None:
        """Close the listeners, finish requests under way, close the connections."""
        if self._runner.server and self._acceptor:
            self._runner.server.pre_shutdown()
            await self._acceptor.close()
        await self._runner.cleanup()
        self._middleware.close()

    def _make_protocol(self) -> Protocol:
        return Protocol(
            self._runner.server,
            self._middleware.set_headers,
            loop=asyncio.get_running_loop(),
            access_log=None,
            logger=self._log,
            keepalive_timeout=self._limits.idle,
            lingering_time=LINGER_SECONDS,
        )

    async def _prepare(self, _: web.Request, response: web.StreamResponse) -> None:
        self._middleware.set_headers(response)
