"""More connections, scrapes and streams than the server has room for."""

import asyncio
import errno
import socket
import threading
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from exporter.web.http.request import Request
from exporter.web.http.response import Stream
from exporter.web.routes import Route, health
from exporter.web.server.acceptor import PAUSE_SECONDS
from exporter.web.server.client_limits import MIN_CONNECTIONS, limits_within
from tests.support.waiting import until
from tests.support.web_clients import HALF_A_HEAD, LARGE, WHOLE_HEAD, crowd, is_closed
from tests.support.web_running import PATIENT, Site, serving


def test_when_all_connections_are_taken_the_oldest_idle_one_gives_way() -> None:
    limits = replace(PATIENT, connections=10)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=WHOLE_HEAD) as [scraper]:
        assert scraper.recv(10_000).endswith(b"text\n")
        with crowd(site.port, 30, sending=HALF_A_HEAD) as slow:
            assert site.request().body == b"text\n"
            until(lambda: sum(map(is_closed, slow)) == 22, 60, "22 connections that gave way")
            assert not any(map(is_closed, slow[-8:]))
            scraper.settimeout(60)
            scraper.sendall(WHOLE_HEAD)
            assert scraper.recv(10_000).endswith(b"text\n")


def test_when_all_connections_wait_for_the_server_a_new_one_is_closed() -> None:
    release, asked = threading.Event(), threading.Semaphore(0)

    def scrape(_: bool) -> bytes:  # noqa: FBT001  as the handler is called
        asked.release()
        release.wait(60)
        return b"late\n"

    limits = replace(PATIENT, connections=2)
    with serving(Site(scrape=scrape), limits=limits) as site, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(site.request) for _ in range(2)]
        for _ in waiting:
            assert asked.acquire(timeout=60)
        with pytest.raises(ConnectionError):
            site.request(path="/-/healthy")
        release.set()
        assert [answer.result(60).body for answer in waiting] == [b"late\n"] * 2


def test_connections_of_the_client_with_most_give_way_though_they_wait_for_the_server() -> None:
    release, asked = threading.Event(), threading.Semaphore(0)

    def scrape(_: bool) -> bytes:  # noqa: FBT001  as the handler is called
        asked.release()
        release.wait(60)
        return b"late\n"

    limits = replace(PATIENT, connections=4)
    with (
        serving(Site(scrape=scrape), max_scrapes=0, limits=limits) as site,
        crowd(site.port, 3, sending=WHOLE_HEAD, source="127.0.0.2") as waiting,
    ):
        for _ in waiting:
            assert asked.acquire(timeout=60)
        with crowd(site.port, 1, sending=b"") as [idle]:
            until(lambda: site.open_connections() == 4, 60, "four connections")
            assert site.request(path="/-/healthy", source="127.0.0.3").status == 200
            assert [is_closed(client) for client in waiting] == [True, False, False]
            idle.settimeout(60)
            idle.sendall(WHOLE_HEAD.replace(b"metrics", b"-/healthy"))
            assert idle.recv(12) == b"HTTP/1.1 200"
        release.set()


def test_more_scrapes_than_allowed_are_told_to_come_back() -> None:
    release, asked = threading.Event(), threading.Semaphore(0)

    def scrape(_: bool) -> bytes:  # noqa: FBT001  as the handler is called
        asked.release()
        release.wait(60)
        return b"late\n"

    with serving(Site(scrape=scrape), max_scrapes=2, limits=PATIENT) as site, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(site.request) for _ in range(2)]
        for _ in waiting:
            assert asked.acquire(timeout=60)
        refused = site.request()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert refused.body == b"2 requests for /metrics are under way, try again later\n"
        assert site.request(path="/-/healthy").status == 200
        release.set()
        assert [answer.result(60).status for answer in waiting] == [200, 200]
        assert site.request().status == 200


def test_zero_is_no_limit_on_scrapes() -> None:
    barrier = threading.Barrier(4)
    with (
        serving(Site(scrape=lambda _: b"%d" % barrier.wait(60)), max_scrapes=0, limits=PATIENT) as site,
        ThreadPoolExecutor(4) as pool,
    ):
        assert [answer.status for answer in pool.map(lambda _: site.request(), range(4))] == [200] * 4


def test_clients_that_do_not_read_keep_nobody_from_scraping() -> None:
    with ExitStack() as clients, serving(Site(scrape=lambda _: LARGE), max_scrapes=3, limits=PATIENT) as site:
        for _ in range(12):
            [client] = clients.enter_context(crowd(site.port, 1, sending=WHOLE_HEAD))
            assert client.recv(12) == b"HTTP/1.1 200"
        assert site.request().status == 200
        until(lambda: site.open_connections() <= 3, 60, "answers that are given up, but for three")


def test_a_stream_ends_with_its_client_and_frees_its_place() -> None:
    ended = threading.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            await asyncio.Event().wait()
            yield b""
        finally:
            ended.set()

    async def stream(_: Request) -> Stream:
        return Stream(pieces(), "text/event-stream")

    ask = WHOLE_HEAD.replace(b"metrics", b"stream")
    with serving(Site(), more=[Route("/stream", stream, 1, streams=True)], limits=PATIENT) as site:
        with crowd(site.port, 1, sending=ask) as [client]:
            assert client.recv(12) == b"HTTP/1.1 200"
            assert site.request(path="/stream").status == 503
        assert ended.wait(60)
        with crowd(site.port, 1, sending=ask) as [client]:
            assert client.recv(12) == b"HTTP/1.1 200"


def test_streams_without_number_are_refused_by_their_route() -> None:
    with pytest.raises(ValueError, match=r"^/stream: a stream needs a limit$"):
        Route("/stream", health(lambda: False), 0, streams=True)


def test_a_process_with_few_descriptors_keeps_some_for_the_kernel() -> None:
    found = [limits_within(descriptors).connections for descriptors in (62, 256, 640, 1024, 1 << 20)]
    assert found == [MIN_CONNECTIONS, 128, 512, 512, 512]


def test_without_a_descriptor_a_connection_that_waits_gives_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel keeps the new one until there is one. Its entry in the log is one for a minute."""
    waiting = [OSError(errno.EMFILE, "Too many open files")] * 3
    with serving(Site(), limits=PATIENT) as site, crowd(site.port, 5, sending=HALF_A_HEAD) as slow:
        until(lambda: site.open_connections() == 5, 60, "five connections")
        accept = socket.socket.accept

        def failing(listener: socket.socket) -> tuple[socket.socket, object]:
            if waiting:
                raise waiting.pop()
            return accept(listener)

        monkeypatch.setattr(socket.socket, "accept", failing)
        began = time.monotonic()
        with capture_logs() as entries:
            assert site.request().body == b"text\n"
        assert time.monotonic() - began < PAUSE_SECONDS
        assert [is_closed(client) for client in slow] == [True, True, True, False, False]
    assert [entry["event"] for entry in entries if entry["log_level"] == "warning"] == ["accept failed"]
