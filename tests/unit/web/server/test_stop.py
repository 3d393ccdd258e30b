"""The end of the server while clients are connected."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from exporter.web.http.request import Request
from exporter.web.http.response import Stream
from exporter.web.routes import Route
from tests.support.waiting import until
from tests.support.web_clients import HALF_A_HEAD, LARGE, WHOLE_HEAD, crowd
from tests.support.web_running import PATIENT, Site, serving


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
