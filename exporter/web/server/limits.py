"""One route with its limits, and failures as answers.

A client that does not read its answer does not count, so that such clients cannot keep others out; but the number of
answers that wait to be read is limited too.
"""

import asyncio
from http import HTTPStatus

from exporter.log import get_logger
from exporter.web.http.response import Response, Stream, text
from exporter.web.pace import REFUSAL_SECONDS
from exporter.web.routes import Route
from exporter.web.server.connection import Connection, State, least_recently_active
from exporter.web.server.exchange import Exchange

log = get_logger(component="web")


class LimitedRoute:
    """Answers the requests of a route."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._active: set[Connection] = set()

    async def answer(self, exchange: Exchange) -> None:
        """Answer and send; status 503 while the route's limit is reached, 429 while the client's is."""
        connection = exchange.connection
        if refusal := self._refusal(connection):
            status, words = refusal
            if status == HTTPStatus.TOO_MANY_REQUESTS or not self._route.first:
                await asyncio.sleep(REFUSAL_SECONDS)
            await exchange.send(text(words, status, headers={"Retry-After": "1"}))
            return
        self._active.add(connection)
        connection.streams = self._route.streams
        try:
            await exchange.send(await self._produce(exchange))
        finally:
            self._active.discard(connection)

    async def _produce(self, exchange: Exchange) -> Response | Stream:
        try:
            return await self._route.answer(exchange.request)
        except TimeoutError:
            return text("timeout: the observation takes too long\n", HTTPStatus.SERVICE_UNAVAILABLE)
        except Exception:
            if not exchange.connection.closing:
                log.exception("request failed", path=self._route.path)
            return text("internal server error\n", HTTPStatus.INTERNAL_SERVER_ERROR)

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
            words = f"{route.limit} requests for {route.path} are under way, try again later\n"
            return HTTPStatus.SERVICE_UNAVAILABLE, words
        if route.limit and len(blocked) >= route.limit and (oldest := least_recently_active(blocked)):
            oldest.abort()
            self._active.discard(oldest)
        return None
