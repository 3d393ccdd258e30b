"""The served paths. A new path is one line in `routes`.

An answer is a coroutine that takes the request and returns a response or a stream. What blocks runs in a `WorkerPool`'s
threads; a TimeoutError becomes a 503 and any other exception a 500 with an entry in the log: answers need not catch
them.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from importlib import resources
from typing import Protocol

from msgspec import Struct

from exporter.core.explain.query import NoContainerError
from exporter.core.reach.question import InvalidTargetError, Question, parse_question
from exporter.web.history_query import HistoryQuery, InvalidQueryError, parse_history_query
from exporter.web.http.request import Request
from exporter.web.http.response import Response, Stream, text
from exporter.web.negotiation import accepts_gzip, prefers_openmetrics
from exporter.web.page.state import PageState
from exporter.web.sse import Broadcaster, Tick
from exporter.web.worker_pool import WorkerPool

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
}

# Requests at once.
MAX_PAGES = 16
MAX_PROBES = MAX_FILES = 64
MAX_STREAMS, MAX_CLIENT_STREAMS = 50, 10
MIN_SHARED = 4  # of fewer requests at once one client may have all

HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"

MISSING_QUERY = 'missing query parameter "what" (a port or a container name), or "from" and "to"\n'

Answer = Callable[[Request], Awaitable[Response | Stream]]


class Route(Struct, frozen=True):
    """A path and what answers GET there.

    `limit` is the number of requests at once, 0 is unlimited; `client_limit` that of one client, 0 is half of `limit`
    from MIN_SHARED on. Excess requests are rejected. `any_host`: the Host header is not checked. A route that `streams`
    goes on for as long as the client likes; it is cancelled when the client leaves or the server stops, and needs a
    limit. `first`: its answers do not wait for those of other routes.
    """

    path: str
    answer: Answer
    limit: int
    client_limit: int = 0
    any_host: bool = False
    streams: bool = False
    first: bool = False

    def __post_init__(self) -> None:
        """Reject unlimited streams: each holds a connection for good."""
        if self.streams and not self.limit:
            raise ValueError(f"{self.path}: a stream needs a limit")

    @property
    def client_share(self) -> int:
        """The number of requests of one client at once; 0 is unlimited."""
        return self.client_limit or (self.limit // 2 if self.limit >= MIN_SHARED else 0)


class Scrape(Protocol):
    """Produces an exposition, in one of the two formats and compressed or not."""

    def __call__(self, *, openmetrics: bool, gzip: bool) -> bytes:
        """Return it; blocks."""


class Handlers(Struct, frozen=True):
    """What the routes answer with. All may block but the last two.

    `waiting_for` names what is not ready yet, '' when all is; `stalled` is True while an observation does not end.
    `documents` are JSON, by path; so is what `connections` returns for a container, '' for all, and raises
    NoContainerError for an unknown one; what `explain` returns for a port or a container, and `explain_reach` for the
    way from a container to a target, and `history` for what the query selects.
    """

    scrape: Scrape
    content_type: Callable[[bool], str]
    page: Callable[[PageState], str]
    documents: Mapping[str, Callable[[], str]]
    connections: Callable[[str], str]
    explain: Callable[[str], str]
    explain_reach: Callable[[Question], str]
    history: Callable[[HistoryQuery], str]
    tick: Callable[[], Tick]
    waiting_for: Callable[[], str]
    stalled: Callable[[], bool]


class Workers(Struct, frozen=True):
    """Threads for scrapes, and others for all the rest: pages do not delay scrapes."""

    scrapes: WorkerPool
    pages: WorkerPool

    def close(self) -> None:
        """Accept no more work."""
        self.scrapes.close()
        self.pages.close()


def routes(handlers: Handlers, workers: Workers, telemetry_path: str, max_scrapes: int) -> tuple[Route, ...]:
    """Return all routes."""
    pages = workers.pages
    live = Broadcaster(handlers.tick, pages).answer
    return (
        Route("/", page(handlers.page, pages), MAX_PAGES),
        Route(telemetry_path, metrics(handlers, workers.scrapes), max_scrapes, any_host=True, first=True),
        Route("/-/healthy", health(handlers.stalled), MAX_PROBES, any_host=True),
        Route("/-/ready", readiness(handlers.waiting_for), MAX_PROBES, any_host=True),
        *(Route(path, document(make, pages), MAX_PAGES) for path, make in handlers.documents.items()),
        Route("/api/v1/connections", document(handlers.connections, pages, "container"), MAX_PAGES),
        Route("/api/v1/explain", explanation(handlers, pages), MAX_PAGES),
        Route("/api/v1/history", changes(handlers, pages), MAX_PAGES),
        Route("/api/v1/live", live, MAX_STREAMS, MAX_CLIENT_STREAMS, streams=True),
        *static_files(),
    )


def metrics(handlers: Handlers, workers: WorkerPool) -> Answer:
    """Return the exposition, in the format and the encoding that the client prefers."""

    async def answer(request: Request) -> Response:
        openmetrics = prefers_openmetrics(request.header("accept"))
        gzip = accepts_gzip(request.header("accept-encoding"))
        body = await workers.run(lambda: handlers.scrape(openmetrics=openmetrics, gzip=gzip))
        headers = {"Vary": "Accept, Accept-Encoding"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        return Response(body, content_type=handlers.content_type(openmetrics), headers=headers)

    return answer


def page(make: Callable[[PageState], str], workers: WorkerPool) -> Answer:
    """Return the page in the state that the query has."""

    async def answer(request: Request) -> Response:
        state = PageState(request.parameter("show"), frozenset(request.query.get("open", ())))
        return text(await workers.run(lambda: make(state)), content_type=HTML)

    return answer


def document(make: Callable[..., str], workers: WorkerPool, *parameters: str) -> Answer:
    """Return a JSON document, made of the query's parameters of these names."""

    async def answer(request: Request) -> Response:
        values = map(request.parameter, parameters)
        try:
            return text(await workers.run(lambda: make(*values)), content_type=JSON)
        except NoContainerError as error:
            return text(f"{error}\n", HTTPStatus.BAD_REQUEST)

    return answer


def explanation(handlers: Handlers, workers: WorkerPool) -> Answer:
    """Return a JSON document about the port or container of the query, or the way between two."""

    async def answer(request: Request) -> Response:
        what, source, target = (request.parameter(key) for key in ("what", "from", "to"))
        if source and target:
            try:
                question = parse_question(source, target)
            except InvalidTargetError as error:
                return text(f"{error}\n", HTTPStatus.BAD_REQUEST)
            body = await workers.run(lambda: handlers.explain_reach(question))
        elif what:
            body = await workers.run(lambda: handlers.explain(what))
        else:
            return text(MISSING_QUERY, HTTPStatus.BAD_REQUEST)
        return text(body, content_type=JSON)

    return answer


def changes(handlers: Handlers, workers: WorkerPool) -> Answer:
    """Return a JSON document of the changes that the query selects."""

    async def answer(request: Request) -> Response:
        try:
            query = parse_history_query({name: request.parameter(name) for name in request.query})
        except InvalidQueryError as error:
            return text(f"{error}\n", HTTPStatus.BAD_REQUEST)
        return text(await workers.run(lambda: handlers.history(query)), content_type=JSON)

    return answer


def health(stalled: Callable[[], bool]) -> Answer:
    """Answer whether the process works: it does not while an observation hangs in the kernel."""

    async def answer(_: Request) -> Response:
        if stalled():
            return text("no observation has ended for a minute\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return text("healthy\n")

    return answer


def readiness(waiting_for: Callable[[], str]) -> Answer:
    """Answer whether the first observation is complete."""

    async def answer(_: Request) -> Response:
        if missing := waiting_for():
            return text(f"waiting for {missing}\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return text("ready\n")

    return answer


def static_files() -> list[Route]:
    """Return a route for each file of static/, read now."""
    folder = resources.files("exporter.web").joinpath("static")
    return [
        Route(f"/static/{file.name}", _static(file.name, file.read_bytes()), MAX_FILES) for file in folder.iterdir()
    ]


def _static(name: str, content: bytes) -> Answer:
    content_type = CONTENT_TYPES[name[name.rindex(".") :]]

    async def answer(_: Request) -> Response:
        return Response(content, content_type=content_type)

    return answer
