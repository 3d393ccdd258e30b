"""Scrapes that come together share what is produced, the failure too."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.app.scrape import Scraper
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from tests.support.builders import devices, inventory
from tests.support.waiting import until
from tests.support.web_running import waiting_threads

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
        self.released.wait(60)
        return self._answer()

    def write(self, observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        """Say which observation and which form it is."""
        assert observation is NOTHING
        return f"{self.observations} {openmetrics} {gzip}".encode()


def broken() -> Observation:
    raise ZeroDivisionError("planted")


PLAIN = {"openmetrics": False, "gzip": False}


def test_one_after_the_other_each_scrape_observes_anew() -> None:
    host = Host()
    host.released.set()
    scraper = Scraper(host.observe, host.write)
    assert scraper.scrape(**PLAIN) == b"1 False False"
    assert scraper.scrape(openmetrics=True, gzip=True) == b"2 True True"


def test_scrapes_that_arrive_while_one_runs_share_it() -> None:
    host = Host()
    scraper = Scraper(host.observe, host.write)
    with ThreadPoolExecutor(8, "scraping") as pool:
        answers = [pool.submit(scraper.scrape, **PLAIN) for _ in range(8)]
        until(lambda: waiting_threads("scraping") == 8, 60, "one observing, seven waiting")
        host.released.set()
        assert [answer.result(60) for answer in answers] == [b"1 False False"] * 8


def test_no_two_forms_share_text() -> None:
    host = Host()
    scraper = Scraper(host.observe, host.write)
    forms = [(openmetrics, gzip) for openmetrics in (False, True) for gzip in (False, True)]
    with ThreadPoolExecutor(4, "scraping") as pool:
        answers = [pool.submit(scraper.scrape, openmetrics=first, gzip=second) for first, second in forms]
        until(lambda: waiting_threads("scraping") == 4, 60, "all on their way")
        host.released.set()
        assert [answer.result(60).decode().split()[1:] for answer in answers] == [
            [str(first), str(second)] for first, second in forms
        ]


def test_a_failure_is_everybodys_who_shares_it_and_nobodys_after() -> None:
    host = Host(broken)
    scraper = Scraper(host.observe, host.write)
    with ThreadPoolExecutor(4, "scraping") as pool:
        answers = [pool.submit(scraper.scrape, **PLAIN) for _ in range(4)]
        until(lambda: waiting_threads("scraping") == 4, 60, "one observing, three waiting")
        host.released.set()
        assert [type(answer.exception(60)) for answer in answers] == [ZeroDivisionError] * 4
    with pytest.raises(ZeroDivisionError):
        scraper.scrape(**PLAIN)
    assert host.observations == 2
