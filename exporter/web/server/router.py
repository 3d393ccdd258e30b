"""The route of a request."""

from collections.abc import Iterable
from http import HTTPStatus

from exporter.web.http.response import text
from exporter.web.routes import Route
from exporter.web.server.exchange import Exchange
from exporter.web.server.limits import LimitedRoute

METHODS = ("GET", "HEAD")


class Router:
    """Answers requests by the route of their path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {route.path: LimitedRoute(route) for route in routes}

    async def answer(self, exchange: Exchange) -> None:
        """Answer; status 404 for an unknown path, 405 for a method that would change something."""
        route = self._routes.get(exchange.request.path)
        if route is None:
            await exchange.send(text("not found\n", HTTPStatus.NOT_FOUND))
        elif exchange.request.method not in METHODS:
            headers = {"Allow": ", ".join(METHODS)}
            await exchange.send(text("method not allowed\n", HTTPStatus.METHOD_NOT_ALLOWED, headers=headers))
        else:
            await route.answer(exchange)
