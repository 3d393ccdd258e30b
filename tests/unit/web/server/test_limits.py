"""Limits of routes: what one of them, or one client, may not take from the others."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.web.routes import MAX_CLIENT_STREAMS, Workers, routes
from exporter.web.server.client_address import client_of
from exporter.web.server.middleware import HEADERS
from exporter.web.worker_pool import THREADS, WorkerPool
from tests.support.waiting import until
from tests.support.web_clients import WHOLE_HEAD, crowd
from tests.support.web_running import PATIENT, Site, serving

LIVE = WHOLE_HEAD.replace(b"/metrics", b"/api/v1/live")
PAGE = WHOLE_HEAD.replace(b"/metrics", b"/")


def test_every_route_has_a_limit() -> None:
    workers = Workers(WorkerPool("scrape"), WorkerPool("page"))
    assert [route.path for route in routes(Site().handlers(), workers, "/metrics", 40) if not route.limit] == []
    workers.close()


def test_pages_that_take_long_do_not_delay_a_scrape() -> None:
    release, begun = threading.Event(), threading.Semaphore(0)

    def page(_: object) -> str:
        begun.release()
        return "late" if release.wait(60) else "never"

    with serving(Site(make_page=page), limits=PATIENT) as site, crowd(site.port, THREADS, sending=PAGE):
        for _ in range(THREADS):
            assert begun.acquire(timeout=60)
        assert site.request().body == b"text\n"
        release.set()


def test_one_client_takes_half_of_the_scrapes_and_another_is_answered() -> None:
    release = threading.Event()

    def scrape(_: bool) -> bytes:  # noqa: FBT001  as the handler is called
        release.wait(60)
        return b"late\n"

    with (
        serving(Site(scrape=scrape), max_scrapes=8, limits=PATIENT) as site,
        ThreadPoolExecutor(1) as pool,
        crowd(site.port, 8, sending=WHOLE_HEAD, source="127.0.0.2") as clients,
    ):
        until(lambda: sum(map(is_rejected, clients)) == 4, 60, "four rejected requests")
        other = pool.submit(site.request)
        release.set()
        assert other.result(60).body == b"late\n"


def is_rejected(client: socket.socket) -> bool:
    """Whether the answer says that it has too many; it stays there."""
    client.settimeout(0)
    try:
        return client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 429"
    except BlockingIOError:
        return False


def test_one_client_does_not_take_all_live_streams() -> None:
    with serving(Site(), limits=PATIENT) as site:
        with crowd(site.port, MAX_CLIENT_STREAMS, sending=LIVE, source="127.0.0.2") as clients:
            for client in clients:
                assert client.recv(12) == b"HTTP/1.1 200"
            assert site.request(path="/api/v1/live", source="127.0.0.2").status == 429
            with crowd(site.port, 1, sending=LIVE, source="127.0.0.3") as [other]:
                assert other.recv(12) == b"HTTP/1.1 200"
        with crowd(site.port, 1, sending=LIVE, source="127.0.0.2") as [again]:
            assert again.recv(12) == b"HTTP/1.1 200"


def test_a_client_is_an_address_or_a_site_of_ipv6_addresses() -> None:
    assert client_of(("192.0.2.1", 4711)) == "192.0.2.1"
    assert client_of(("::ffff:192.0.2.1", 4711, 0, 0)) == "192.0.2.1"
    assert client_of(("2001:db8::1", 1, 0, 0)) == client_of(("2001:db8::ffff:2", 1, 0, 0)) == "2001:db8::/64"
    assert client_of(("fe80::1%eth0", 1, 0, 2)) == "fe80::/64"
    assert client_of("") is client_of(None) is client_of(("a socket", 1)) is None


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/static/live.js", "/api/v1/topology", "/nothing"])
def test_every_answer_has_the_security_headers_and_names_no_software(path: str) -> None:
    with serving(Site()) as site, ThreadPoolExecutor(1):
        answer = site.request(path=path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Server"] is None
