"""One route as it is served: so many at once, failures as answers.

A client that does not take its answer holds no place, so that such clients cannot keep others out; but only so many
answers may wait to be taken.
"""

import structlog
from aiohttp import web

from exporter.web.routes import Route
from exporter.web.server.connection import Connection, first_to_give_way

log = structlog.get_logger(component="web")


class ServedRoute:
    """Answers the requests of a route."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._under_way: set[Connection] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer and send; who comes while all places are taken gets a 503."""
        connection = connection_of(request)
        if not connection or not self._take_place(connection):
            text = f"{self._route.most} requests for {self._route.path} are under way, try again later\n"
            return web.Response(status=503, text=text, headers={"Retry-After": "1"})
        connection.streams = self._route.streams
        try:
            response = await self._produce(request)
            await send(request, response)
        finally:
            self._under_way.discard(connection)
        return response

    async def _produce(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._route.answer(request)
        except web.HTTPException:
            raise
        except TimeoutError:
            return web.Response(status=503, text="the kernel did not answer in time\n")
        except Exception:
            if connection_of(request):
                log.exception("request failed", path=self._route.path)
            return web.Response(status=500, text="this failed, see the log\n")

    def _take_place(self, connection: Connection) -> bool:
        """Take a place, if one is free; of as many answers that are not taken, the oldest is given up."""
        stalled = [other for other in self._under_way if other.stalled_since is not None]
        if self._route.most and len(self._under_way) - len(stalled) >= self._route.most:
            return False
        if self._route.most and len(stalled) >= self._route.most and (slow := first_to_give_way(stalled)):
            slow.end()
            self._under_way.discard(slow)
        self._under_way.add(connection)
        return True


async def send(request: web.Request, response: web.StreamResponse) -> None:
    """Send all of a response, unless that is done; then the client's kernel has it, or at least ours."""
    try:
        await response.prepare(request)
        await response.write_eof()
    except ConnectionError:
        return  # the client is gone, and aiohttp finds that out for itself


def connection_of(request: web.Request) -> Connection | None:
    """Return the connection that a request came by; None when the client is gone."""
    if request.transport is None or request.transport.is_closing():
        return None
    protocol = request.transport.get_protocol()
    return protocol if isinstance(protocol, Connection) else None
