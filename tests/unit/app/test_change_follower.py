"""Observations that no reader requests: after a change, and after a time without one."""

import time
from collections.abc import Iterator
from math import inf

import pytest

from exporter.app.change_follower import IDLE_SECONDS, ChangeFollower, Changes
from exporter.app.observation_cache import ObservationCache
from tests.support.page_hosts import shop
from tests.support.waiting import until

SECONDS = 60


class Host:
    """Counts observations; `goes_on` is how many changes an observation meets."""

    def __init__(self) -> None:
        self.observed = self.goes_on = 0
        self.changes = Changes()

    def update_inventory(self, *_: object) -> None:
        """Nothing is kept."""

    def observe(self) -> object:
        """One observation."""
        self.observed += 1
        if self.goes_on:
            self.goes_on -= 1
            self.changes.note()
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


@pytest.fixture
def follower(host: Host, cache: ObservationCache) -> Iterator[ChangeFollower]:
    made = ChangeFollower(cache, host.changes, settle=0.01)
    yield made
    made.stop()
    assert not made._thread.is_alive()


def test_an_idle_host_is_observed_after_half_a_minute(follower: ChangeFollower, host: Host) -> None:
    follower._began = time.monotonic() - IDLE_SECONDS / 2
    assert not follower._is_due()
    assert 0 < follower._idle_left() <= IDLE_SECONDS / 2
    follower._began -= IDLE_SECONDS
    assert follower._is_due()
    assert follower._idle_left() == 0
    assert host.observed == 0


def test_a_change_that_a_reader_has_observed_is_not_observed_again(
    follower: ChangeFollower, cache: ObservationCache, host: Host
) -> None:
    follower._began = time.monotonic()
    host.changes.note()
    assert follower._is_due()
    cache.fresh()
    assert not follower._is_due()
    host.changes.note()
    assert follower._is_due()


def test_the_thread_observes_a_change(follower: ChangeFollower, cache: ObservationCache, host: Host) -> None:
    assert cache.began_at() == -inf
    follower.start()
    host.changes.note()
    until(lambda: host.observed == 1, SECONDS, "an observation")


def test_a_change_during_an_observation_is_followed_by_another_one(follower: ChangeFollower, host: Host) -> None:
    host.goes_on = 2
    follower.start()
    host.changes.note()
    until(lambda: host.observed == 3, SECONDS, "two further observations")
