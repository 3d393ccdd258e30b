"""What every request passes, whatever its path: first the rate limit, then the password; as in exporter-toolkit."""

import asyncio
import math
from collections.abc import Awaitable, Callable

from aiohttp import HttpVersion10, HttpVersion11, web

from exporter.web.access.access import Access
from exporter.web.access.auth import BasicAuth, TooManyChecksError
from exporter.web.access.config import RateLimit
from exporter.web.access.rate_limit import TokenBucket
from exporter.web.server.limits import connection_of, send

CHALLENGE = 'Basic realm="dockernet-exporter", charset="UTF-8"'
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

SPOKEN = {HttpVersion10, HttpVersion11}  # the parser lets 0.9 and 2.0 through, and answers as if it spoke them

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """Lets requests through to their routes, by what `access` says at that moment."""

    def __init__(self, access: Callable[[], Access]) -> None:
        self._access = access
        self._auth = BasicAuth()
        self._bucket: TokenBucket | None = None

    def close(self) -> None:
        """Check no more passwords."""
        self._auth.close()

    @web.middleware
    async def let_through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, or refuse it."""
        connection = connection_of(request)
        access = self._access()
        clients = access.tls.clients if access.tls else None
        if not connection or clients != (connection.tls.clients if connection.tls else None):
            return _hung_up(request)
        connection.begin_request()
        try:
            response = await self._refusal(request, access) or await handler(request)
            await send(request, response)
        except web.HTTPException as response:  # such as a 404
            await send(request, response)
            raise
        else:
            return response
        finally:
            connection.end_request()

    async def add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        """Set our headers and those of the file; one that is blank there is not sent. The server's make is not told."""
        response.headers.pop("Server", None)
        for name, value in {**HEADERS, **self._access().config.headers}.items():
            if value:
                response.headers[name] = value

    async def _refusal(self, request: web.Request, access: Access) -> web.Response | None:
        if request.version not in SPOKEN:
            return _refused(400, "only HTTP/1.1 and 1.0 are spoken here", {"Connection": "close"})
        if (limit := access.config.rate_limit) and not self._take_token(limit):
            return _refused(429, "too many requests", {"Retry-After": str(math.ceil(limit.interval))})
        if not access.config.users:
            return None
        try:
            if await self._auth.admits(request.headers.get("Authorization", ""), access.config.users):
                return None
        except TooManyChecksError:
            return _refused(503, "too many passwords are being checked, try again later", {"Retry-After": "1"})
        return _refused(401, "unauthorized", {"WWW-Authenticate": CHALLENGE})

    def _take_token(self, limit: RateLimit) -> bool:
        now = asyncio.get_running_loop().time()
        if not self._bucket or self._bucket.limit != limit:
            self._bucket = TokenBucket(limit, now)
        return self._bucket.take(now)


def _refused(status: int, text: str, headers: dict[str, str]) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=headers)


def _hung_up(request: web.Request) -> web.Response:
    """Close a connection of a client whom today's rules for certificates might not let in; it may come again."""
    if request.transport:
        request.transport.abort()
    return web.Response(status=421)
