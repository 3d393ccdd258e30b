"""The HTTP server: routes, content negotiation, limits. aiohttp on one event loop; blocking work in threads."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources

import structlog
from aiohttp import web
from isal import isal_zlib

from exporter.web.negotiation import accepts_gzip, prefers_openmetrics

SCRAPE_SECONDS = 9.0  # just under Prometheus' default time-out: an answer that says why beats a closed connection
SCRAPE_THREADS = 4
# Longer than the usual scrape intervals, so that Prometheus keeps its connection; it is also how long a client may
# take to send the head of its request.
KEEPALIVE_SECONDS = 75.0
SHUTDOWN_SECONDS = 1.0
LARGEST_BODY = 1024  # no request here has one
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

log = structlog.get_logger(component="web")


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the routes answer with. `scrape` blocks; `waiting_for` says what is not ready yet, '' when all is."""

    scrape: Callable[[bool], Sequence[bytes]]
    content_type: Callable[[bool], str]
    landing_page: Callable[[], str]
    waiting_for: Callable[[], str]


def compress(parts: Iterable[bytes]) -> bytes:
    """Compress as one gzip member. ISA-L takes a fifth of zlib's time for the same size."""
    compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 16 + isal_zlib.MAX_WBITS)
    return b"".join([*map(compressor.compress, parts), compressor.flush()])


class Server:
    """Serves until told to stop."""

    def __init__(self, handlers: Handlers, telemetry_path: str) -> None:
        self._handlers = handlers
        self._pool = ThreadPoolExecutor(SCRAPE_THREADS, "scrape")
        self._style = resources.files("exporter.web").joinpath("static/style.css").read_text()
        app = web.Application(client_max_size=LARGEST_BODY)
        app.on_response_prepare.append(_add_headers)
        app.router.add_get("/", self._landing)
        app.router.add_get(telemetry_path, self._metrics)
        app.router.add_get("/-/healthy", self._healthy)
        app.router.add_get("/-/ready", self._ready)
        app.router.add_get("/static/style.css", self._stylesheet)
        self._runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS, shutdown_timeout=SHUTDOWN_SECONDS
        )

    async def start(self, addresses: Iterable[tuple[str | None, int]]) -> Sequence[str]:
        """Listen on all addresses; return them as bound. Raises OSError when one cannot be had."""
        await self._runner.setup()
        for host, port in addresses:
            await web.TCPSite(self._runner, host, port).start()
        return [_written(address) for address in self._runner.addresses]

    async def stop(self) -> None:
        """Close the listeners and the connections."""
        await self._runner.cleanup()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _metrics(self, request: web.Request) -> web.Response:
        openmetrics = prefers_openmetrics(request.headers.get("Accept", ""))
        gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        work = asyncio.get_running_loop().run_in_executor(self._pool, self._produce, openmetrics, gzip)
        try:
            body = await asyncio.wait_for(work, SCRAPE_SECONDS)
        except TimeoutError:
            return web.Response(status=503, text="the kernel did not answer in time\n")
        except Exception:
            log.exception("scrape failed")
            return web.Response(status=500, text="the scrape failed, see the log\n")
        headers = {"Content-Type": self._handlers.content_type(openmetrics), "Vary": "Accept, Accept-Encoding"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    def _produce(self, openmetrics: bool, gzip: bool) -> bytes:  # noqa: FBT001  called by position
        parts = self._handlers.scrape(openmetrics)
        return compress(parts) if gzip else b"".join(parts)

    async def _landing(self, _: web.Request) -> web.Response:
        return web.Response(text=self._handlers.landing_page(), content_type="text/html")

    async def _stylesheet(self, _: web.Request) -> web.Response:
        return web.Response(text=self._style, content_type="text/css")

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="healthy\n")

    async def _ready(self, _: web.Request) -> web.Response:
        waiting_for = self._handlers.waiting_for()
        if waiting_for:
            return web.Response(status=503, text=f"waiting for {waiting_for}\n")
        return web.Response(text="ready\n")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _written(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
