"""One route with its limits, and failures as answers.

A client that does not read its answer does not count, so that such clients cannot keep others out; but the number of
answers that wait to be read is limited too.
"""

import asyncio
from http import HTTPStatus

from aiohttp import web

from exporter.log import get_logger
from exporter.web.pace import REFUSAL_SECONDS
from exporter.web.routes import Route
from exporter.web.server.connection import Connection, State, least_recently_active

log = get_logger(component="web")


class LimitedRoute:
    """Answers the requests of a route."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._active: set[Connection] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer and send; status 503 while the route's limit is reached, 429 while the client's is."""
        connection = connection_of(request)
        if not connection:
            return web.Response(status=503)
        if refusal := self._refusal(connection):
            status, text = refusal
            if status == HTTPStatus.TOO_MANY_REQUESTS or not self._route.first:
                await asyncio.sleep(REFUSAL_SECONDS)
            return web.Response(status=status, text=text, headers={"Retry-After": "1"})
        self._active.add(connection)
        connection.streams = self._route.streams
        try:
            response = await self._produce(request)
            await send(request, response)
        finally:
            self._active.discard(connection)
        return response

    async def _produce(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._route.answer(request)
        except web.HTTPException:
            raise
        except TimeoutError:
            return web.Response(status=503, text="timeout: the observation takes too long\n")
        except Exception:
            if connection_of(request):
                log.exception("request failed", path=self._route.path)
            return web.Response(status=500, text="internal server error\n")

    def _refusal(self, connection: Connection) -> tuple[int, str] | None:
        """Return status and text if a limit is reached; abort the oldest of too many answers that are not read."""
        route = self._route
        blocked = [other for other in self._active if other.state is State.BLOCKED]
        if route.client_share and connection.client is not None:
            counted = self._active if route.streams else self._active.difference(blocked)
            own = sum(other.client == connection.client for other in counted)
            if own >= route.client_share:
                return HTTPStatus.TOO_MANY_REQUESTS, f"{own} requests of this client for {route.path} are under way\n"
        if route.limit and len(self._active) - len(blocked) >= route.limit:
            text = f"{route.limit} requests for {route.path} are under way, try again later\n"
            return HTTPStatus.SERVICE_UNAVAILABLE, text
        if route.limit and len(blocked) >= route.limit and (oldest := least_recently_active(blocked)):
            oldest.abort()
            self._active.discard(oldest)
        return None


async def send(request: web.Request, response: web.StreamResponse) -> None:
    """Send all of a response, unless that is done; then the client's kernel has it, or at least ours."""
    try:
        await response.prepare(request)
        await response.write_eof()
    except ConnectionError:
        return  # the client is gone; aiohttp handles that


def connection_of(request: web.Request) -> Connection | None:
    """Return the connection of a request; None when the client is gone."""
    if request.transport is None or request.transport.is_closing():
        return None
    protocol = request.transport.get_protocol()
    return protocol if isinstance(protocol, Connection) else None
