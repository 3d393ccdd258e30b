"""Scrapes that come together share what is produced, the failure too."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.core.observation import Observation
from exporter.core.topology import join
from exporter.scraper import Scraper
from tests.builders import devices, inventory
from tests.waiting import until
from tests.web.running import waiting_threads

NOTHING = Observation(join(inventory(), devices()))


class Host:
    """Counts observations; each lasts until it is released."""

    def __init__(self, answer: Callable[[], Observation] = lambda: NOTHING) -> None:
        self.observations = 0
        self.released = threading.Event()
        self._answer = answer

    def observe(self) -> Observation:
        """One observation."""
        self.observations += 1
        self.released.wait(10)
        return self._answer()

    def render(self, observation: Observation, *, openmetrics: bool) -> list[bytes]:
        """Say which observation and which format it is."""
        assert observation is NOTHING
        return [str(self.observations).encode(), str(openmetrics).encode()]


def broken() -> Observation:
    raise ZeroDivisionError("planted")


def test_one_after_the_other_each_scrape_observes_anew() -> None:
    host = Host()
    host.released.set()
    scraper = Scraper(host.observe, host.render)
    assert [scraper.scrape(False), scraper.scrape(True)] == [[b"1", b"False"], [b"2", b"True"]]  # noqa: FBT003


def test_scrapes_that_arrive_while_one_runs_share_it() -> None:
    host = Host()
    scraper = Scraper(host.observe, host.render)
    with ThreadPoolExecutor(8, "scraping") as pool:
        answers = [pool.submit(scraper.scrape, False) for _ in range(8)]  # noqa: FBT003
        until(lambda: waiting_threads("scraping") == 8, 10, "one observing, seven waiting")
        host.released.set()
        assert [answer.result(10) for answer in answers] == [[b"1", b"False"]] * 8


def test_the_two_formats_do_not_share_text() -> None:
    host = Host()
    scraper = Scraper(host.observe, host.render)
    with ThreadPoolExecutor(2, "scraping") as pool:
        answers = [pool.submit(scraper.scrape, openmetrics) for openmetrics in (False, True)]
        until(lambda: waiting_threads("scraping") == 2, 10, "both on their way")
        host.released.set()
        assert [answer.result(10)[1] for answer in answers] == [b"False", b"True"]


def test_a_failure_is_everybodys_who_shares_it_and_nobodys_after() -> None:
    host = Host(broken)
    scraper = Scraper(host.observe, host.render)
    with ThreadPoolExecutor(4, "scraping") as pool:
        answers = [pool.submit(scraper.scrape, False) for _ in range(4)]  # noqa: FBT003
        until(lambda: waiting_threads("scraping") == 4, 10, "one observing, three waiting")
        host.released.set()
        assert [type(answer.exception(10)) for answer in answers] == [ZeroDivisionError] * 4
    with pytest.raises(ZeroDivisionError):
        scraper.scrape(False)  # noqa: FBT003
    assert host.observations == 2
