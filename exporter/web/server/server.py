"""The HTTP server: aiohttp on one event loop, behind a door that knows who is slow and a gate that knows who may."""

import socket
from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from exporter.web.access.access import OPEN, Access
from exporter.web.routes import Route
from exporter.web.server import aiohttp_log
from exporter.web.server.acceptor import Door
from exporter.web.server.connection import IDLE_SECONDS, MOST_BYTES
from exporter.web.server.limits import ServedRoute
from exporter.web.server.middleware import Gate

SHUTDOWN_SECONDS = 1.0  # for what is under way when the server stops
CANCEL_SECONDS = 0.1  # for what does not end when it is cancelled
LINGER_SECONDS = 1.0  # for the rest of a body that nobody wants


class Server:
    """Serves routes until told to stop."""

    def __init__(self, routes: Iterable[Route], access: Callable[[], Access] = lambda: OPEN) -> None:
        """`access` is asked for every connection and request what holds at that moment; it may not raise."""
        self._access = access
        self._gate = Gate(access)
        app = web.Application(middlewares=[self._gate.let_through], client_max_size=MOST_BYTES)
        app.on_response_prepare.append(self._gate.add_headers)
        for route in routes:
            app.router.add_get(route.path, ServedRoute(route).answer)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=aiohttp_log.logger(),
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGER_SECONDS,
            handler_cancellation=True,
            shutdown_timeout=CANCEL_SECONDS,
        )
        self._door: Door | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on sockets that listen; they are closed at the end."""
        await self._runner.setup()
        make_protocol = self._runner.server
        assert make_protocol is not None  # noqa: S101  set up above
        self._door = Door(make_protocol, lambda: self._access().tls)
        self._door.open(sockets)

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return self._door.open_connections if self._door else 0

    async def stop(self) -> None:
        """Close the listeners, let requests under way be answered, close the connections."""
        if self._runner.server and self._door:
            self._runner.server.pre_shutdown()
            await self._door.close(SHUTDOWN_SECONDS)
        await self._runner.cleanup()
        self._gate.close()
