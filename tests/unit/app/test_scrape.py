"""Readers that share an observation share its text, and a failure to write it."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.app.scrape import SharedText
from exporter.core.observation import Observation
from tests.support.page_hosts import shop
from tests.support.waiting import until
from tests.support.web_running import waiting_threads

ONE, OTHER = shop(), shop()


class Writer:
    """Counts what is written; each text lasts until it is released."""

    def __init__(self, *, broken: bool = False) -> None:
        self.written = 0
        self.released = threading.Event()
        self._broken = broken

    def write(self, observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        """The form, and which observation it is."""
        self.written += 1
        self.released.wait(60)
        if self._broken:
            raise ZeroDivisionError("planted")
        return f"{observation is ONE} {openmetrics} {gzip}".encode()


PLAIN = {"openmetrics": False, "gzip": False}


def test_readers_of_one_observation_share_its_text_while_it_is_written() -> None:
    writer = Writer()
    shared = SharedText(writer.write)
    with ThreadPoolExecutor(8, "writing") as pool:
        answers = [pool.submit(shared.text, ONE, **PLAIN) for _ in range(8)]
        until(lambda: waiting_threads("writing") == 8, 60, "one writing, seven waiting")
        writer.released.set()
        assert [answer.result(60) for answer in answers] == [b"True False False"] * 8
    assert writer.written == 1


def test_no_two_forms_or_observations_share_text() -> None:
    writer = Writer()
    shared = SharedText(writer.write)
    forms = list(itertools.product((ONE, OTHER), (False, True), (False, True)))
    with ThreadPoolExecutor(8, "writing") as pool:
        answers = [pool.submit(shared.text, one, openmetrics=first, gzip=second) for one, first, second in forms]
        until(lambda: waiting_threads("writing") == 8, 60, "all writing")
        writer.released.set()
        expected = [f"{one is ONE} {first} {second}".encode() for one, first, second in forms]
        assert [answer.result(60) for answer in answers] == expected


def test_no_text_is_kept_when_it_is_written() -> None:
    writer = Writer()
    writer.released.set()
    shared = SharedText(writer.write)
    assert shared.text(ONE, **PLAIN) == shared.text(ONE, **PLAIN)
    assert writer.written == 2


def test_a_failure_is_raised_to_each_reader_that_shares_it_and_to_no_other() -> None:
    writer = Writer(broken=True)
    shared = SharedText(writer.write)
    with ThreadPoolExecutor(4, "writing") as pool:
        answers = [pool.submit(shared.text, ONE, **PLAIN) for _ in range(4)]
        until(lambda: waiting_threads("writing") == 4, 60, "one writing, three waiting")
        writer.released.set()
        assert [type(answer.exception(60)) for answer in answers] == [ZeroDivisionError] * 4
    with pytest.raises(ZeroDivisionError):
        shared.text(ONE, **PLAIN)
    assert writer.written == 2
