"""What every request passes before its route: version, rate limit, Host and password, and headers for its answer."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import HttpVersion10, HttpVersion11, web

from exporter.web.access.access import Access
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.access.auth import BasicAuth, TooManyChecksError
from exporter.web.access.rate_limit import RateLimiter
from exporter.web.pace import ANSWER_SECONDS, Pace
from exporter.web.server.connection import Connection
from exporter.web.server.limits import connection_of, send

CHALLENGE = 'Basic realm="dockernet-exporter", charset="UTF-8"'
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
VERSIONS = {HttpVersion10, HttpVersion11}  # the parser accepts 0.9 and 2.0 too
BAD_VERSION = "HTTP version not supported"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AccessMiddleware:
    """Passes requests to their routes, as `access` says at that moment."""

    def __init__(
        self, access: Callable[[], Access], hosts: AllowedHosts, any_host: Iterable[str], first: Iterable[str]
    ) -> None:
        """`any_host` are paths that any Host header may have; `first` are those that wait for no other."""
        self._access = access
        self._hosts = hosts
        self._any_host = frozenset(any_host)
        self._first = frozenset(first)
        self._pace = Pace(ANSWER_SECONDS)
        self._auth = BasicAuth()
        self._rates = RateLimiter()

    def close(self) -> None:
        """Check no more passwords."""
        self._auth.close()

    @web.middleware
    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, or reject it."""
        connection = connection_of(request)
        access = self._access()
        clients = access.tls.clients if access.tls else None
        if not connection or clients != (connection.tls.clients if connection.tls else None):
            return _aborted(request)
        connection.begin_request()
        try:
            rejection = await self._rejection(request, access, connection)
            if rejection or request.path not in self._first:
                await self._pace.wait(connection.client)
            response = rejection or await handler(request)
            await send(request, response)
        except web.HTTPException as response:  # such as a 404
            await send(request, response)
            raise
        else:
            return response
        finally:
            connection.end_request()

    def set_headers(self, response: web.StreamResponse) -> None:
        """Set our headers and those of the file; one that is blank there is not sent. The software is not named."""
        response.headers.pop("Server", None)
        for name, value in {**HEADERS, **self._access().config.headers}.items():
            if value:
                response.headers[name] = value

    async def _rejection(self, request: web.Request, access: Access, connection: Connection) -> web.Response | None:
        """Known credentials have a rate of their own, so that no other client exhausts it."""
        authorization, users = request.headers.get("Authorization", ""), access.config.users
        known = self._auth.known_user(authorization, users)
        if request._version not in VERSIONS:  # noqa: SLF001  `request.version` would keep the value
            request._version = HttpVersion11  # noqa: SLF001  that of the answer
            request._cache.pop("version", None)  # noqa: SLF001  aiohttp has read it where a client expects 100
            return _rejected(505, BAD_VERSION, {"Connection": "close"})
        if (limit := access.config.rate_limit) and not self._rates.try_acquire(
            (known, None if known else connection.client), limit, asyncio.get_running_loop().time()
        ):
            return _rejected(429, "too many requests", {"Retry-After": str(math.ceil(limit.interval))})
        if request.path not in self._any_host and not all(map(self._hosts.allows, request.headers.getall("Host", []))):
            return _rejected(421, "unknown host name, see --web.allowed-host", {})
        return await self._auth_rejection(authorization, users, connection) if users and not known else None

    async def _auth_rejection(
        self, authorization: str, users: Mapping[str, bytes], connection: Connection
    ) -> web.Response | None:
        try:
            if await self._auth.admits(authorization, users, connection.client):
                return None
        except TooManyChecksError:
            return _rejected(503, "too many passwords are being checked, try again later", {"Retry-After": "1"})
        return _rejected(401, "unauthorized", {"WWW-Authenticate": CHALLENGE})


def _rejected(status: int, text: str, headers: dict[str, str]) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=headers)


def _aborted(request: web.Request) -> web.Response:
    """Abort a connection whose client today's rules for certificates might not admit; it may connect again."""
    if request.transport:
        request.transport.abort()
    return web.Response(status=421)
