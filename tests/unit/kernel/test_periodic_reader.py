"""A thread that reads again and again, and what it publishes."""

import threading
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from exporter.errors import SourceError
from exporter.kernel.periodic_reader import PeriodicReader
from tests.support.waiting import until

NAME, HOUR = "planted", 3600.0


def failing(error: Exception) -> Callable[[], tuple[int, str]]:
    """A source that raises this."""

    def read() -> tuple[int, str]:
        raise error

    return read


def running() -> bool:
    return NAME in {thread.name for thread in threading.enumerate()}


def test_before_the_first_reading_there_is_no_value_and_no_error() -> None:
    latest = PeriodicReader(NAME, lambda: (1, ""), HOUR).latest
    assert (latest.value, latest.state.up) == (None, True)


def test_a_reading_is_one_value_with_its_state() -> None:
    reader = PeriodicReader(NAME, lambda: (1, ""), HOUR)
    before = reader.latest
    reader.read()
    assert (reader.latest.value, reader.latest.state.up) == (1, True)
    assert reader.latest.at >= before.at
    assert before.value is None


def test_a_value_of_which_a_part_failed_is_published_with_its_error() -> None:
    reader = PeriodicReader(NAME, lambda: (1, "one of two failed"), HOUR)
    reader.read()
    assert reader.latest.value == 1
    assert (reader.latest.state.up, reader.latest.state.error) == (False, "one of two failed")


@pytest.mark.parametrize(
    ("error", "text"),
    [(PermissionError(1, "planted"), "[Errno 1] planted"), (SourceError("reason", "text"), "reason: text")],
)
def test_an_error_of_a_source_is_its_state_and_the_value_is_unknown(error: Exception, text: str) -> None:
    reader = PeriodicReader(NAME, failing(error), HOUR)
    reader.read()
    assert reader.latest.value is None
    assert (reader.latest.state.name, reader.latest.state.up, reader.latest.state.error) == (NAME, False, text)


def test_a_defect_is_logged_and_is_the_state() -> None:
    reader = PeriodicReader(NAME, failing(RuntimeError("planted")), HOUR)
    with capture_logs() as entries:
        reader.read()
    assert [entry["collector"] for entry in entries] == [NAME]
    assert (reader.latest.state.up, reader.latest.state.error) == (False, "RuntimeError('planted')")


def test_the_thread_reads_on_after_an_error() -> None:
    answers: list[Exception | None] = [OSError("planted"), RuntimeError("planted")]
    reads: list[None] = []

    def read() -> tuple[int, str]:
        reads.append(None)
        error = answers.pop(0) if answers else None
        if error is not None:
            raise error
        return len(reads), ""

    reader = PeriodicReader(NAME, read, 0.001)
    reader.start()
    until(lambda: reader.latest.value, 60, "a reading after two errors")
    assert reader.stop()
    assert not running()


def test_it_reads_at_once_when_it_is_woken_and_stops_in_the_middle_of_a_pause() -> None:
    count = iter(range(1, 100))
    reader = PeriodicReader(NAME, lambda: (next(count), ""), HOUR)
    reader.start()
    until(lambda: reader.latest.value == 1, 60, "the first reading")
    reader.wake()
    until(lambda: reader.latest.value == 2, 60, "another reading")
    assert reader.started
    assert reader.stop()
    assert not running()


def test_one_that_is_woken_settles_and_stops_in_the_middle_of_that() -> None:
    reader = PeriodicReader(NAME, lambda: (1, ""), HOUR, settle=HOUR)
    reader.start()
    reader.wake()
    until(lambda: reader.latest.value == 1, 60, "the first reading")
    assert reader.stop()
    assert not running()


def test_to_settle_never_makes_a_pause_longer() -> None:
    count = iter(range(1, 100))

    def read() -> tuple[int, str]:
        reader.wake()
        return next(count), ""

    reader = PeriodicReader(NAME, read, lambda: 0.001 if reader.latest.value != 3 else HOUR, settle=HOUR)
    reader.start()
    until(lambda: reader.latest.value == 3, 60, "two short pauses")
    assert reader.stop()


def test_the_pause_may_be_another_one_after_each_reading() -> None:
    count, pauses = iter(range(1, 100)), iter([0.001, 0.001, HOUR])
    reader = PeriodicReader(NAME, lambda: (next(count), ""), lambda: next(pauses))
    reader.start()
    until(lambda: reader.latest.value == 3, 60, "two short pauses")
    assert reader.stop()


def test_a_reading_that_hangs_does_not_hold_up_the_stop() -> None:
    go_on = threading.Event()
    reader = PeriodicReader(NAME, lambda: (int(go_on.wait(60)), ""), HOUR)
    reader.start()
    assert not reader.stop()
    go_on.set()
    until(lambda: not running(), 60, "the end of the thread")


def test_one_that_was_never_started_is_stopped() -> None:
    assert PeriodicReader(NAME, lambda: (1, ""), HOUR).stop()
