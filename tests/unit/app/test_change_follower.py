"""Observations that no reader requests: after a change, and after a time without one."""

from collections.abc import Iterator
from math import inf

import pytest

from exporter.app.change_follower import IDLE_SECONDS, POLL_INTERVAL, ChangeFollower
from exporter.app.observation_cache import ObservationCache
from tests.support.page_hosts import shop
from tests.support.waiting import until

SECONDS = 60


class Host:
    """Counts observations."""

    def __init__(self) -> None:
        self.observed = 0
        self.revision = 0

    def update_inventory(self, *_: object) -> None:
        """Nothing is kept."""

    def observe(self) -> object:
        """One observation."""
        self.observed += 1
        return shop()


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def cache(host: Host) -> Iterator[ObservationCache]:
    made = ObservationCache(host)  # type: ignore[arg-type]
    made.start()
    yield made
    made.stop()


def due(follower: ChangeFollower, now: float, last: float) -> bool:
    return follower._is_due(now, last)


@pytest.fixture
def follower(host: Host, cache: ObservationCache) -> ChangeFollower:
    made = ChangeFollower(cache, lambda: host.revision)
    made._seen = 0
    return made


def test_an_idle_host_is_observed_after_half_a_minute(follower: ChangeFollower) -> None:
    assert not due(follower, 100.0, 100.0 - IDLE_SECONDS + 1)
    assert due(follower, 100.0, 100.0 - IDLE_SECONDS)


def test_a_change_is_observed_one_interval_later(follower: ChangeFollower, host: Host) -> None:
    host.revision = 1
    assert not due(follower, 100.0, 99.0)
    assert due(follower, 100.0 + POLL_INTERVAL, 99.0)


def test_a_change_that_goes_on_is_observed_too(follower: ChangeFollower, host: Host) -> None:
    found = []
    for number in range(3):
        host.revision += 1
        found.append(due(follower, 100.0 + number, 99.0))
    assert found == [False, True, True]


def test_a_change_that_a_reader_has_observed_is_not_observed_again(follower: ChangeFollower, host: Host) -> None:
    host.revision = 1
    due(follower, 100.0, 99.0)
    assert not due(follower, 100.5, 100.2)
    assert not due(follower, 101.0, 100.2)


def test_the_thread_observes_a_change_and_ends(cache: ObservationCache, host: Host) -> None:
    assert cache.began_at() == -inf
    follower = ChangeFollower(cache, lambda: host.revision, poll_interval=0.01)
    follower.start()
    host.revision = 1
    until(lambda: host.observed == 1, SECONDS, "an observation")
    follower.stop()
    assert not follower._thread.is_alive()
