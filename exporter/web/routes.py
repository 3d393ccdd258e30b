"""What is served where. To add a path is one line in `routes`.

An answer is a coroutine that takes the request and returns a response. What blocks runs in a `Workshop`'s threads;
a TimeoutError becomes a 503 and any other exception a 500 with an entry in the log, so answers need not catch them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Protocol

from aiohttp import web

from exporter.web.negotiation import accepts_gzip, prefers_openmetrics
from exporter.web.page.document import Asked
from exporter.web.sse import Audience, Look
from exporter.web.worker_pool import Workshop

CONTENT_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}

MOST_PAGES = 50  # open at once

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what answers GET there.

    `most` is how many requests may be under way at once, 0 any number; more are told to come back.
    A route that `streams` goes on for as long as the client likes; it is cancelled when the client leaves or the
    server stops, and must say how many are enough.
    """

    path: str
    answer: Answer
    most: int = 0
    streams: bool = False

    def __post_init__(self) -> None:
        """Refuse streams without number: each holds a connection for good."""
        if self.streams and not self.most:
            raise ValueError(f"{self.path} streams, and does not say how many may")


class Scrape(Protocol):
    """Produces an exposition, in one of the two formats and compressed or not."""

    def __call__(self, *, openmetrics: bool, gzip: bool) -> bytes:
        """Return it; blocks."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the routes answer with. All may block but `waiting_for`, which says what is not ready yet, '' when all is.

    `documents` are JSON, by path; so is what `explain` says of a port or a container.
    """

    scrape: Scrape
    content_type: Callable[[bool], str]
    page: Callable[[Asked], str]
    documents: Mapping[str, Callable[[], str]]
    explain: Callable[[str], str]
    look: Callable[[], Look]
    waiting_for: Callable[[], str]


def routes(handlers: Handlers, workshop: Workshop, telemetry_path: str, most_scrapes: int) -> tuple[Route, ...]:
    """Return all routes."""
    return (
        Route("/", page(handlers.page, workshop)),
        Route(telemetry_path, metrics(handlers, workshop), most=most_scrapes),
        Route("/-/healthy", healthy),
        Route("/-/ready", readiness(handlers.waiting_for)),
        *(Route(path, document(make, workshop)) for path, make in handlers.documents.items()),
        Route("/api/v1/explain", explanation(handlers.explain, workshop)),
        Route("/api/v1/live", Audience(handlers.look, workshop).answer, most=MOST_PAGES, streams=True),
        *static_files(),
    )


def metrics(handlers: Handlers, workshop: Workshop) -> Answer:
    """Return the exposition, in the format and the encoding that the client asks for."""

    async def answer(request: web.Request) -> web.Response:
        openmetrics = prefers_openmetrics(request.headers.get("Accept", ""))
        gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        body = await workshop.run(lambda: handlers.scrape(openmetrics=openmetrics, gzip=gzip))
        headers = {"Content-Type": handlers.content_type(openmetrics), "Vary": "Accept, Accept-Encoding"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    return answer


def page(make: Callable[[Asked], str], workshop: Workshop) -> Answer:
    """Return the page, of what the address asks for."""

    async def answer(request: web.Request) -> web.Response:
        asked = Asked(request.query.get("show", ""), frozenset(request.query.getall("open", [])))
        return web.Response(text=await workshop.run(lambda: make(asked)), content_type="text/html")

    return answer


def document(make: Callable[[], str], workshop: Workshop) -> Answer:
    """Return a JSON document."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=await workshop.run(make), content_type="application/json")

    return answer


def explanation(make: Callable[[str], str], workshop: Workshop) -> Answer:
    """Return a JSON document about what the address asks for."""

    async def answer(request: web.Request) -> web.Response:
        what = request.query.get("what", "")
        if not what:
            return web.Response(status=400, text="what is to be explained? ?what=8080, or the name of a container\n")
        return web.Response(text=await workshop.run(lambda: make(what)), content_type="application/json")

    return answer


async def healthy(_: web.Request) -> web.Response:
    """Say that the process answers."""
    return web.Response(text="healthy\n")


def readiness(waiting_for: Callable[[], str]) -> Answer:
    """Say whether the first look at everything is done."""

    async def answer(_: web.Request) -> web.Response:
        if missing := waiting_for():
            return web.Response(status=503, text=f"waiting for {missing}\n")
        return web.Response(text="ready\n")

    return answer


def static_files() -> list[Route]:
    """Return a route for each file of static/, read now."""
    folder = resources.files("exporter.web").joinpath("static")
    return [Route(f"/static/{file.name}", _static(file.name, file.read_text())) for file in folder.iterdir()]


def _static(name: str, text: str) -> Answer:
    content_type = CONTENT_TYPES[name[name.rindex(".") :]]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type)

    return answer
