"""What every request passes before its route: rate limit, Host and password, and headers for its answer."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus

from exporter.web.access.access import Access
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.access.auth import BasicAuth, TooManyChecksError
from exporter.web.access.rate_limit import RateLimiter
from exporter.web.http.request import Request
from exporter.web.http.response import Response, text
from exporter.web.pace import ANSWER_SECONDS, Pace
from exporter.web.server.connection import Connection
from exporter.web.server.exchange import Exchange

CHALLENGE = 'Basic realm="dockernet-exporter", charset="UTF-8"'
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[Exchange], Awaitable[None]]


class AccessMiddleware:
    """Passes requests to a handler, as `access` says at that moment."""

    def __init__(
        self,
        handler: Handler,
        access: Callable[[], Access],
        hosts: AllowedHosts,
        any_host: Iterable[str],
        first: Iterable[str],
    ) -> None:
        """`any_host` are paths that any Host header may have; `first` are those that wait for no other."""
        self._handler = handler
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

    async def answer(self, exchange: Exchange) -> None:
        """Answer a request, or reject it."""
        request, connection, access = exchange.request, exchange.connection, self._access()
        clients = access.tls.clients if access.tls else None
        if clients != (connection.tls.clients if connection.tls else None):
            connection.abort()  # today's rule might not admit this client; it may connect again
            return
        rejection = await self._rejection(request, access, connection)
        if rejection or request.path not in self._first:
            await self._pace.wait(connection.client)
        if rejection:
            await exchange.send(rejection)
        else:
            await self._handler(exchange)

    def headers(self) -> Mapping[str, str]:
        """Return our headers and those of the file; one that is blank there is not sent."""
        configured = self._access().config.headers
        return {name: value for name, value in {**HEADERS, **configured}.items() if value} if configured else HEADERS

    async def _rejection(self, request: Request, access: Access, connection: Connection) -> Response | None:
        """Known credentials have a rate of their own, so that no other client exhausts it."""
        authorization, users = request.header("authorization"), access.config.users
        known = self._auth.known_user(authorization, users)
        if (limit := access.config.rate_limit) and not self._rates.try_acquire(
            (known, None if known else connection.client), limit, asyncio.get_running_loop().time()
        ):
            retry = {"Retry-After": str(math.ceil(limit.interval))}
            return text("too many requests\n", HTTPStatus.TOO_MANY_REQUESTS, headers=retry)
        if request.path not in self._any_host and not self._hosts.allows(request.header("host")):
            return text("unknown host name, see --web.allowed-host\n", HTTPStatus.MISDIRECTED_REQUEST)
        return await self._auth_rejection(authorization, users, connection) if users and not known else None

    async def _auth_rejection(
        self, authorization: str, users: Mapping[str, bytes], connection: Connection
    ) -> Response | None:
        try:
            if await self._auth.admits(authorization, users, connection.client):
                return None
        except TooManyChecksError:
            wait = "too many passwords are being checked, try again later\n"
            return text(wait, HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})
        return text("unauthorized\n", HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": CHALLENGE})
