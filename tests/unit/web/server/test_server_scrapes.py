"""Scrapes that fail or hang."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import LogCapture

from tests.support.web_running import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running


def broken(_: bool) -> bytes:  # noqa: FBT001  as the handler is called
    raise ZeroDivisionError("planted")


def test_a_scrape_that_fails_is_a_500_that_keeps_its_secrets_and_a_log_entry(site: Site, log: LogCapture) -> None:
    site.scrape = broken
    answer = site.request()
    assert (answer.status, answer.body) == (500, b"internal server error\n")
    assert [entry["log_level"] for entry in log.entries] == ["error"]


def test_after_a_scrape_that_failed_the_next_one_is_answered(site: Site, log: LogCapture) -> None:
    site.scrape = broken
    assert [site.request().status for _ in range(8)] == [500] * 8
    site.scrape = lambda _: b"well again\n"
    assert site.request().body == b"well again\n"
    assert len(log.entries) == 8


def test_a_scrape_that_takes_too_long_is_a_503_and_health_is_answered_meanwhile() -> None:
    release = threading.Event()
    hanging = Site(scrape=lambda _: b"late\n" if release.wait(60) else b"never\n")
    with serving(hanging, scrape_seconds=0.05) as site, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(site.request)
        assert site.request(path="/-/healthy").status == 200
        assert slow.result(60)[::2] == (503, b"timeout: the observation takes too long\n")
        release.set()
