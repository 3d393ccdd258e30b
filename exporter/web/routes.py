"""The served paths. A new path is one line in `routes`.

An answer is a coroutine that takes the request and returns a response. What blocks runs in a `WorkerPool`'s threads;
a TimeoutError becomes a 503 and any other exception a 500 with an entry in the log, so answers need not catch them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Protocol

from aiohttp import web

from exporter.core.reach.question import InvalidTargetError, Question, parse_question
from exporter.web.history_query import HistoryQuery, InvalidQueryError, parse_history_query
from exporter.web.negotiation import accepts_gzip, prefers_openmetrics
from exporter.web.page.state import PageState
from exporter.web.sse import Broadcaster, Tick
from exporter.web.worker_pool import WorkerPool

CONTENT_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}

# Requests at once.
MAX_PAGES = 16
MAX_PROBES = MAX_FILES = 64
MAX_STREAMS, MAX_CLIENT_STREAMS = 50, 10
MIN_SHARED = 4  # of fewer requests at once one client may have all

MISSING_QUERY = 'missing query parameter "what" (a port or a container name), or "from" and "to"\n'

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what answers GET there.

    `limit` is the number of requests at once, 0 is unlimited; `client_limit` that of one client, 0 is half of `limit`,
    if that is not very small.
    Excess requests are rejected. `any_host`: the Host header is not checked. A route that `streams` goes on for as long
    as the client likes; it is cancelled when the client leaves or the server stops, and needs a limit. `first`: its
    answers do not wait for those of other routes.
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


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the routes answer with. All may block but the last two.

    `waiting_for` names what is not ready yet, '' when all is; `stalled` is True while an observation does not end.
    `documents` are JSON, by path; so is what `explain` returns for a port or a container, and `explain_reach` for the
    way from a container to a target, and `history` for what the query selects.
    """

    scrape: Scrape
    content_type: Callable[[bool], str]
    page: Callable[[PageState], str]
    documents: Mapping[str, Callable[[], str]]
    explain: Callable[[str], str]
    explain_reach: Callable[[Question], str]
    history: Callable[[HistoryQuery], str]
    tick: Callable[[], Tick]
    waiting_for: Callable[[], str]
    stalled: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Workers:
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
        Route("/api/v1/explain", explanation(handlers, pages), MAX_PAGES),
        Route("/api/v1/history", changes(handlers, pages), MAX_PAGES),
        Route("/api/v1/live", live, MAX_STREAMS, MAX_CLIENT_STREAMS, streams=True),
        *static_files(),
    )


def metrics(handlers: Handlers, workers: WorkerPool) -> Answer:
    """Return the exposition, in the format and the encoding that the client prefers."""

    async def answer(request: web.Request) -> web.Response:
        openmetrics = prefers_openmetrics(request.headers.get("Accept", ""))
        gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        body = await workers.run(lambda: handlers.scrape(openmetrics=openmetrics, gzip=gzip))
        headers = {"Content-Type": handlers.content_type(openmetrics), "Vary": "Accept, Accept-Encoding"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    return answer


def page(make: Callable[[PageState], str], workers: WorkerPool) -> Answer:
    """Return the page in the state that the query has."""

    async def answer(request: web.Request) -> web.Response:
        state = PageState(request.query.get("show", ""), frozenset(request.query.getall("open", [])))
        return web.Response(text=await workers.run(lambda: make(state)), content_type="text/html")

    return answer


def document(make: Callable[[], str], workers: WorkerPool) -> Answer:
    """Return a JSON document."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=await workers.run(make), content_type="application/json")

    return answer


def explanation(handlers: Handlers, workers: WorkerPool) -> Answer:
    """Return a JSON document about the port or container of the query, or the way between two."""

    async def answer(request: web.Request) -> web.Response:
        what, source, target = (request.query.get(key, "") for key in ("what", "from", "to"))
        if source and target:
            try:
                question = parse_question(source, target)
            except InvalidTargetError as error:
                return web.Response(status=400, text=f"{error}\n")
            body = await workers.run(lambda: handlers.explain_reach(question))
        elif what:
            body = await workers.run(lambda: handlers.explain(what))
        else:
            return web.Response(status=400, text=MISSING_QUERY)
        return web.Response(text=body, content_type="application/json")

    return answer


def changes(handlers: Handlers, workers: WorkerPool) -> Answer:
    """Return a JSON document of the changes that the query selects."""

    async def answer(request: web.Request) -> web.Response:
        try:
            query = parse_history_query(request.query)
        except InvalidQueryError as error:
            return web.Response(status=400, text=f"{error}\n")
        return web.Response(text=await workers.run(lambda: handlers.history(query)), content_type="application/json")

    return answer


def health(stalled: Callable[[], bool]) -> Answer:
    """Answer whether the process works: it does not while an observation hangs in the kernel."""

    async def answer(_: web.Request) -> web.Response:
        if stalled():
            return web.Response(status=503, text="no observation has ended for a minute\n")
        return web.Response(text="healthy\n")

    return answer


def readiness(waiting_for: Callable[[], str]) -> Answer:
    """Answer whether the first observation is complete."""

    async def answer(_: web.Request) -> web.Response:
        if missing := waiting_for():
            return web.Response(status=503, text=f"waiting for {missing}\n")
        return web.Response(text="ready\n")

    return answer


def static_files() -> list[Route]:
    """Return a route for each file of static/, read now."""
    folder = resources.files("exporter.web").joinpath("static")
    return [Route(f"/static/{file.name}", _static(file.name, file.read_text()), MAX_FILES) for file in folder.iterdir()]


def _static(name: str, text: str) -> Answer:
    content_type = CONTENT_TYPES[name[name.rindex(".") :]]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type)

    return answer
