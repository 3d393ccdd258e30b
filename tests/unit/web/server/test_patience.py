"""Clients that are slow, that send too much, that are too many: what is owed to whom, and for how long."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest

from exporter.web.http.request import Request
from exporter.web.http.response import Stream
from exporter.web.routes import Route, health
from tests.support.waiting import until
from tests.support.web_clients import HALF_A_HEAD, WHOLE_HEAD, crowd, is_closed, read_all
from tests.support.web_running import PATIENT, Site, serving

LARGE = b"x" * 8_000_000  # more than the kernel keeps for a client that does not read


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site(), limits=PATIENT) as running:
        yield running


def closed_since(began: float, client: socket.socket) -> float:
    """How many seconds after a moment before its time began the server ended a connection."""
    until(lambda: is_closed(client), 60, "a connection that is closed")
    return time.monotonic() - began


@pytest.mark.parametrize("said", [b"", b"GET", HALF_A_HEAD, b"GET / HTTP/1.1\r\n"])
def test_a_head_must_come_in_time(said: bytes) -> None:
    began = time.monotonic()
    with serving(Site(), limits=replace(PATIENT, head=0.2)) as site, crowd(site.port, 1, sending=said) as [client]:
        assert closed_since(began, client) > 0.15


def test_dripping_does_not_gain_time() -> None:
    began = time.monotonic()
    limits = replace(PATIENT, head=0.3)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=HALF_A_HEAD) as [client]:

        def drips_until_closed() -> bool:
            try:
                client.settimeout(60)
                client.sendall(b"x")
            except ConnectionError:
                return True
            return is_closed(client)

        until(drips_until_closed, 60, "a dripping connection that is closed")
        assert time.monotonic() - began > 0.25


def test_a_second_head_must_come_in_time_too() -> None:
    limits = replace(PATIENT, head=0.5)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=WHOLE_HEAD) as [client]:
        assert client.recv(10_000).endswith(b"text\n")
        began = time.monotonic()
        client.sendall(HALF_A_HEAD)
        assert closed_since(began, client) > 0.4


def test_an_idle_connection_is_kept_for_a_while() -> None:
    began = time.monotonic()
    limits = replace(PATIENT, idle=0.4)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=WHOLE_HEAD) as [client]:
        assert client.recv(10_000).endswith(b"text\n")
        assert closed_since(began, client) > 0.35


def test_an_answer_must_be_taken_in_time() -> None:
    began = time.monotonic()
    large, limits = Site(scrape=lambda _: LARGE), replace(PATIENT, read=0.3)
    with serving(large, limits=limits) as site, crowd(site.port, 1, sending=WHOLE_HEAD) as [client]:
        assert client.recv(12) == b"HTTP/1.1 200"
        until(lambda: site.open_connections() == 0, 60, "an answer that is given up")
        assert time.monotonic() - began > 0.2
        assert len(read_all(client)) < len(LARGE)


def test_who_takes_its_answer_slowly_gets_all_of_it(site: Site) -> None:
    site.scrape = lambda _: LARGE
    with crowd(site.port, 1, sending=WHOLE_HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as [client]:
        assert read_all(client).endswith(LARGE)


def test_nobody_may_send_more_than_a_request_takes(site: Site) -> None:
    with crowd(site.port, 1, sending=b"GET /metrics HTTP/1.1\r\n") as [client]:

        def sends_on() -> bool:
            try:
                client.sendall(b"X-Large: " + b"x" * 7000 + b"\r\n")
            except ConnectionError:
                return True
            return False

        until(sends_on, 60, "a connection that is ended for what it sends")
    assert site.request().status == 200


def test_a_body_is_not_read_for_ever(site: Site) -> None:
    head = b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with crowd(site.port, 1, sending=head) as [client]:

        def sends_on() -> bool:
            try:
                client.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            except ConnectionError:
                return True
            return False

        until(sends_on, 60, "a connection that is ended for what it sends")
    assert site.request().status == 200


def test_who_sends_on_while_its_answer_is_made_is_ended(site: Site) -> None:
    release = threading.Event()
    site.scrape = lambda _: b"late\n" if release.wait(60) else b"never\n"
    head = b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
    with crowd(site.port, 1, sending=head) as [client]:
        with pytest.raises(ConnectionError):
            client.sendall(b"x" * 9_999_999)
        release.set()


def test_who_has_said_that_it_sends_no_more_is_answered(site: Site) -> None:
    """As `printf … | nc` does."""
    site.scrape = lambda _: LARGE
    with crowd(site.port, 1, sending=b"GET /metrics HTTP/1.0\r\n\r\n") as [client]:
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).endswith(LARGE)


def test_half_a_head_and_the_end_of_it_is_closed_soon() -> None:
    limits = replace(PATIENT, half_closed=0.2)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=HALF_A_HEAD) as [client]:
        client.shutdown(socket.SHUT_WR)
        until(lambda: is_closed(client), 60, "a connection that is closed")


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


def test_an_answer_under_way_is_finished_when_the_server_stops() -> None:
    asked, release = threading.Event(), threading.Event()

    def scrape(_: bool) -> bytes:  # noqa: FBT001  as the handler is called
        asked.set()
        release.wait(60)
        return b"the last one\n"

    with ThreadPoolExecutor(1) as pool:
        with serving(Site(scrape=scrape), limits=PATIENT) as site:
            answer = pool.submit(site.request)
            assert asked.wait(60)
            threading.Timer(0.2, release.set).start()
        assert answer.result(60).body == b"the last one\n"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (b"", PATIENT.shutdown),
        (HALF_A_HEAD, PATIENT.shutdown),
        (WHOLE_HEAD.replace(b"metrics", b"stream"), PATIENT.shutdown),
        (WHOLE_HEAD, 0.5),  # an answer that is just being made has a moment
        (WHOLE_HEAD * 30, 0.5),
    ],
)
def test_no_client_holds_up_the_end_of_the_server(said: bytes, seconds: float) -> None:
    """`serving` waits for its end, not nearly as long as a client might hold it up."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        await asyncio.Event().wait()
        yield b""

    async def stream(_: Request) -> Stream:
        return Stream(pieces(), "text/event-stream")

    streaming = Route("/stream", stream, 10, streams=True)
    large, limits = Site(scrape=lambda _: LARGE), replace(PATIENT, shutdown=seconds)
    with ExitStack() as clients, serving(large, more=[streaming], limits=limits) as site:
        clients.enter_context(crowd(site.port, 5, sending=said))
        until(lambda: site.open_connections() == 5, 60, "five connections")
        assert site.request(path="/-/healthy").status == 200
