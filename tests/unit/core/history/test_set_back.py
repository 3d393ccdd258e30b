"""A clock that is set back: what is recorded later is later, whatever its time."""

import pytest

from exporter.core.history.change import Change
from exporter.core.history.change_log import SET_BACK_SECONDS, ChangeLog, Selection, select

HOUR = 3600.0
SEEN = [("rules_added", 0), ("rules_removed", HOUR), ("container_died", 10.0), ("rules_added", 20.0)]


def log_of(*seen: tuple[str, float], max_entries: int = 100) -> ChangeLog:
    log = ChangeLog(max_entries)
    for kind, time in seen:
        log.add([Change(kind, "web", time=time)])
    return log


def times(log: ChangeLog, limit: int = 100) -> list[float]:
    return [change.time for change in select(log.epochs(), Selection(limit=limit))]


def test_the_latest_change_is_the_one_that_was_recorded_last() -> None:
    assert times(log_of(*SEEN)) == [0, HOUR, 10, 20]
    assert times(log_of(*SEEN), limit=2) == [10, 20]


def test_it_may_be_set_back_again() -> None:
    again = [("route_changed", 5 * HOUR), ("route_changed", HOUR)]
    assert times(log_of(*SEEN, *again)) == [0, HOUR, 10, 20, 5 * HOUR, HOUR]


def test_a_death_that_docker_reports_late_is_in_its_place() -> None:
    seen = [("rules_added", HOUR), ("container_died", 10.0), ("engine_returned", HOUR + 1)]
    assert times(log_of(*seen)) == [10, HOUR, HOUR + 1]


def test_a_death_from_before_the_set_back_stays_before_it() -> None:
    assert times(log_of(("rules_added", 0), ("container_died", HOUR), ("rules_added", 20))) == [0, HOUR, 20]


@pytest.mark.parametrize("seconds", [0.5, SET_BACK_SECONDS])
def test_a_moment_is_not_a_set_back(seconds: float) -> None:
    assert times(log_of(("rules_added", HOUR), ("rules_removed", HOUR - seconds))) == [HOUR - seconds, HOUR]


def test_what_is_evicted_divides_nothing() -> None:
    for kept, expected in ((4, [0, HOUR, 10, 20]), (3, [HOUR, 10, 20]), (2, [10, 20]), (1, [20]), (0, [])):
        assert times(log_of(*SEEN, max_entries=kept)) == expected


def test_restored_changes_are_divided_as_well() -> None:
    log = ChangeLog(100)
    log.restore(Change(kind, "web", time=time) for kind, time in SEEN)
    log.add([Change("exporter_started", "host", time=30.0)])
    assert times(log) == [0, HOUR, 10, 20, 30]
