"""A real server on a port of its own, with handlers of the test's, and a plain client."""

import asyncio
import http.client
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from exporter.core.explain.query import NoContainerError
from exporter.web.access.access import OPEN, Access
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.compression import compress
from exporter.web.pace import Pace
from exporter.web.page.state import PageState
from exporter.web.routes import Handlers, Route, Workers, routes
from exporter.web.server import listen
from exporter.web.server.client_limits import DEFAULT_LIMITS, ClientLimits
from exporter.web.server.server import Server
from exporter.web.sse import Tick
from exporter.web.worker_pool import WorkerPool

# Only the limit that a test replaces ends a connection, on a machine of any speed.
PATIENT = ClientLimits(head=1000.0, idle=1000.0, read=1000.0, half_closed=1000.0, shutdown=1000.0)
TEXT, OPENMETRICS = "text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0"


class Answer(NamedTuple):
    """A response, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Site:
    """What the handlers answer, to be changed by a test; and where the server listens."""

    scrape: Callable[[bool], bytes] = lambda openmetrics: b"openmetrics\n" if openmetrics else b"text\n"
    waiting_for: str = ""
    stalled: bool = False
    make_page: Callable[[PageState], str] = lambda _: "<p>hello</p>"
    unknown: str = ""
    port: int = 0
    addresses: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    open_connections: Callable[[], int] = lambda: 0

    def handlers(self) -> Handlers:
        """The handlers; what they answer is looked up at each request."""
        return Handlers(
            scrape=self._scrape,
            content_type=lambda openmetrics: OPENMETRICS if openmetrics else TEXT,
            page=self.make_page,
            documents={"/api/v1/topology": lambda: "{}"},
            connections=self._connections,
            explain=lambda what: f'"{what}"',
            explain_reach=lambda question: f'"{question}"',
            history=lambda query: f'"{query}"',
            tick=lambda: Tick("{}", 0, 0.0),
            waiting_for=lambda: self.waiting_for,
            stalled=lambda: self.stalled,
        )

    def _connections(self, container: str) -> str:
        if container and container == self.unknown:
            raise NoContainerError(f"there is no container {container}")
        return f'"{container}"'

    def _scrape(self, *, openmetrics: bool, gzip: bool) -> bytes:
        text = self.scrape(openmetrics)
        return compress((text[:2], b"", text[2:])) if gzip else text

    def connection(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """A client at an address of the loopback network, encrypted when `tls` has a context."""
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(source, 0))

    def request(
        self,
        method: str = "GET",
        path: str = "/metrics",
        body: bytes | None = None,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = self.connection(source)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


def waiting_threads(name: str) -> int:
    """How many threads of that name wait for something that another thread does."""
    frames = sys._current_frames()
    threads = [thread.ident for thread in threading.enumerate() if thread.name.startswith(name)]
    return sum(1 for ident in threads if ident in frames and frames[ident].f_code.co_name == "wait")


@contextmanager
def serving(
    site: Site,
    telemetry_path: str = "/metrics",
    *,
    access: Callable[[], Access] = lambda: OPEN,
    max_scrapes: int = 40,
    more: Sequence[Route] = (),
    limits: ClientLimits = DEFAULT_LIMITS,
    hosts: AllowedHosts | None = None,
    scrape_seconds: float = 60.0,
) -> Iterator[Site]:
    """Serve from an event loop in a thread of its own."""
    workers = Workers(WorkerPool("scrape", scrape_seconds), WorkerPool("page", pace=Pace()))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def make() -> Server:
        served = [*routes(site.handlers(), workers, telemetry_path, max_scrapes), *more]
        server = Server(served, access, hosts, limits)
        sockets = listen.bind([("127.0.0.1", 0)])
        site.addresses = list(listen.written(sockets))
        await server.start(sockets)
        site.open_connections = lambda: server.open_connections
        return server

    try:
        server = asyncio.run_coroutine_threadsafe(make(), loop).result(60)
        site.port = int(site.addresses[0].rpartition(":")[2])
        try:
            yield site
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
    finally:
        workers.close()
        asyncio.run_coroutine_threadsafe(cancel_others(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def cancel_others() -> None:
    """Cancel the tasks that are left, as `asyncio.run` does in the daemon: the one of live pages is."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


ROUTES = ["/", "/metrics", "/-/healthy", "/-/ready", "/static/style.css"]
