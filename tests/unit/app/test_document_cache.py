"""Documents are made once for each observation."""

import threading
from concurrent.futures import ThreadPoolExecutor

from exporter.app.document_cache import MAX_DOCUMENTS, DocumentCache
from exporter.core.observation import Observation
from tests.support.builders import observed, shop


class Maker:
    """Makes documents; which ones."""

    def __init__(self) -> None:
        self.made: list[Observation] = []

    def __call__(self, observation: Observation) -> int:
        """Number the documents."""
        self.made.append(observation)
        return len(self.made)


def test_a_document_is_made_once_for_each_observation_and_key() -> None:
    first, second = observed(shop()), observed(shop())
    seen = [first, first, first, second, second]
    cache, make = DocumentCache(lambda: seen.pop(0), spent=lambda: 0.0), Maker()
    assert [cache.get(key, make) for key in ("a", "a", "b", "a", "a")] == [1, 1, 2, 3, 3]
    assert [id(observation) for observation in make.made] == [id(first), id(first), id(second)]


def test_a_document_that_is_expensive_outlives_its_observation_for_ten_times_as_long_as_it_took() -> None:
    now, cost = [100.0], [0.0]

    def make(_: Observation) -> float:
        cost[0] += 0.3
        return now[0]

    cache = DocumentCache(lambda: observed(shop()), lambda: now[0], lambda: cost[0])
    found = []
    for moment in (100.0, 102.9, 103.1, 105.0):
        now[0] = moment
        found.append(cache.get("a", make))
    assert found == [100.0, 100.0, 103.1, 103.1]


def test_readers_at_the_same_time_share_a_document() -> None:
    observation, make = observed(shop()), Maker()
    cache, barrier = DocumentCache(lambda: observation), threading.Barrier(8)

    def read(_: int) -> int:
        barrier.wait(60)
        return cache.get("a", make)

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(read, range(8))] == [1] * 8


def test_the_number_of_documents_is_bounded() -> None:
    observation, make = observed(shop()), Maker()
    cache = DocumentCache(lambda: observation)
    for key in range(MAX_DOCUMENTS + 1):
        cache.get(key, make)
    assert cache.get(0, make) == MAX_DOCUMENTS + 2
