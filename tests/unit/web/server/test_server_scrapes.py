"""Scrapes that fail, hang or come together."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import LogCapture

from exporter.app.scrape import Scraper
from exporter.core.observation import Observation
from exporter.web import worker_pool
from tests.support.builders import observed, shop
from tests.support.waiting import until
from tests.support.web_running import Site, serving, waiting_threads


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running


def broken(_: bool) -> bytes:  # noqa: FBT001  as the handler is called
    raise ZeroDivisionError("planted")


def test_a_scrape_that_fails_is_a_500_that_keeps_its_secrets_and_a_log_entry(site: Site, log: LogCapture) -> None:
    site.scrape = broken
    answer = site.request()
    assert (answer.status, answer.body) == (500, b"this failed, see the log\n")
    assert [entry["log_level"] for entry in log.entries] == ["error"]


def test_after_a_scrape_that_failed_the_next_one_is_answered(site: Site, log: LogCapture) -> None:
    site.scrape = broken
    assert [site.request().status for _ in range(8)] == [500] * 8
    site.scrape = lambda _: b"well again\n"
    assert site.request().body == b"well again\n"
    assert len(log.entries) == 8


def test_a_scrape_that_takes_too_long_is_a_503_and_health_is_answered_meanwhile(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "WORK_SECONDS", 0.05)
    release = threading.Event()
    site.scrape = lambda _: b"late\n" if release.wait(60) else b"never\n"
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(site.request)
        assert site.request(path="/-/healthy").status == 200
        assert slow.result(60)[::2] == (503, b"the kernel did not answer in time\n")
        release.set()


def test_scrapes_that_come_together_share_one_observation() -> None:
    release = threading.Event()
    observations: list[Observation] = []

    def observe() -> Observation:
        observations.append(observed(shop()))
        release.wait(60)
        return observations[-1]

    scraper = Scraper(observe, lambda _, *, openmetrics, gzip: f"shared, {openmetrics} {gzip}\n".encode())
    with (
        serving(Site(scrape=lambda openmetrics: scraper.scrape(openmetrics=openmetrics, gzip=False))) as site,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = [pool.submit(site.request) for _ in range(4)]
        until(lambda: waiting_threads("scrape") == 4, 60, "one scrape observing and three waiting for it")
        release.set()
        assert [answer.result(60).body for answer in answers] == [b"shared, False False\n"] * 4
    assert len(observations) == 1
