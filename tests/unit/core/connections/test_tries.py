"""Connects of the last five minutes, of pairs of which some failed."""

from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts
from exporter.core.connections.tries import Tries, TryWindows

WEB_DB = Pair("web", "db", "container", "5432", "client")


class Readings:
    """Reports of one pair."""

    def __init__(self) -> None:
        self.windows, self.now = TryWindows(), 1000.0
        self.last = Counts()
        self.last_failed = 0.0

    def at(self, seconds: float, **counts: int) -> Tries | None:
        """The tries of a reading so many seconds after the last one."""
        self.now += seconds
        former, self.last = self.last, Counts(**counts)
        if self.last.failures != former.failures:
            self.last_failed = self.now
        sums = PairSums(self.last, last_failed=self.last_failed)
        return self.windows.update(ConnectionReport({WEB_DB: sums}), self.now).get(WEB_DB)


def test_connects_since_the_reading_before_the_first_failure_are_in_the_window() -> None:
    found = Readings()
    assert found.at(15, established=100) is None
    failed = {"refused": 9, "timed_out": 1}
    assert found.at(15, established=101, **failed) == Tries(1, failed, failing=True)


def test_failures_leave_the_window_after_five_minutes() -> None:
    found = Readings()
    found.at(15, established=1)
    assert found.at(15, established=1, refused=4) is not None
    assert found.at(299, established=1, refused=4) is not None
    assert found.at(2, established=1, refused=4) is None
    assert found.at(15, established=1, refused=5) == Tries(0, {"refused": 1}, failing=True)


def test_a_pair_that_was_never_seen_begins_at_zero() -> None:
    assert Readings().at(15, refused=3) == Tries(0, {"refused": 3}, failing=True)


def test_connects_that_succeed_after_failures_end_it() -> None:
    found = Readings()
    found.at(15, refused=40)
    assert found.at(15, refused=40, established=1) == Tries(1, {"refused": 40}, failing=False)
    assert found.at(15, refused=40, established=1) == Tries(1, {"refused": 40}, failing=False)
    assert found.at(15, refused=41, established=1) == Tries(1, {"refused": 41}, failing=True)


def test_readings_of_a_moment_are_kept_as_one() -> None:
    found = Readings()
    found.at(15, established=1)
    for count in range(1, 4000):
        tries = found.at(0.1, established=1, refused=count)
    assert tries is not None
    assert 2995 <= tries.failed["refused"] <= 3060


def test_a_pair_that_ended_is_dropped() -> None:
    found = Readings()
    found.at(15, refused=3)
    assert found.windows.update(ConnectionReport(), found.now + 1) == {}
    assert found.at(2, refused=1) == Tries(0, {"refused": 1}, failing=True)
