"""One thread makes observations; readers share them, and their failures."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from exporter.app.observation_cache import MAX_AGE, MAX_INVENTORIES, STALL_SECONDS, ObservationCache
from exporter.core.model.docker import Inventory
from exporter.core.observation import Observation
from exporter.monitor.monitor import Monitor
from tests.support.builders import bridge, devices, inventory, network, row, run, veth
from tests.support.kernel.fake_kernel import FakeKernel
from tests.support.page_hosts import shop
from tests.support.waiting import until
from tests.support.web_running import waiting_threads

SECONDS = 60


class Host:
    """Counts observations; each lasts until it is released."""

    def __init__(self, answer: Callable[[], Observation] = shop) -> None:
        self.begun: list[Observation | None] = []
        self.inventories: list[Inventory] = []
        self.released = threading.Event()
        self.now = 100.0
        self._answer = answer

    def update_inventory(self, *found: Inventory) -> None:
        """Keep them; an inventory that says that the engine is away is refused."""
        self.released.wait(SECONDS)
        if not all(one.connected for one in found):
            raise ZeroDivisionError("planted")
        self.inventories += found

    def observe(self) -> Observation:
        """One observation."""
        self.begun.append(None)
        self.released.wait(SECONDS)
        return self._answer()


@contextmanager
def caching(host: Host, *, released: bool = True) -> Iterator[ObservationCache]:
    if released:
        host.released.set()
    cache = ObservationCache(host, lambda: host.now)
    cache.start()
    try:
        yield cache
    finally:
        cache.stop()
        host.released.set()


def test_one_after_the_other_each_scrape_has_an_observation_of_its_own() -> None:
    with caching(Host()) as cache:
        assert cache.fresh() is not cache.fresh()


def test_pages_share_an_observation_of_up_to_a_second() -> None:
    host = Host()
    with caching(host) as cache:
        first = cache.recent()
        host.now += MAX_AGE - 0.01
        assert cache.recent() is first
        host.now += 0.01
        assert cache.recent() is not first


def test_a_page_shares_the_observation_of_a_scrape() -> None:
    with caching(Host()) as cache:
        assert cache.fresh() is cache.recent()


def test_scrapes_that_arrive_during_an_observation_share_the_next_one() -> None:
    """The running one began before they arrived; a page takes it all the same."""
    host = Host()
    with caching(host, released=False) as cache, ThreadPoolExecutor(6, "reading") as pool:
        first = pool.submit(cache.fresh)
        until(lambda: len(host.begun) == 1, SECONDS, "the first one running")
        page, *others = pool.submit(cache.recent), *(pool.submit(cache.fresh) for _ in range(4))
        until(lambda: waiting_threads("reading") == 6, SECONDS, "all waiting")
        host.released.set()
        assert page.result(SECONDS) is first.result(SECONDS)
        [shared] = {id(other.result(SECONDS)) for other in others}
        assert shared != id(first.result())
    assert len(host.begun) == 2


def broken() -> Observation:
    raise ZeroDivisionError("planted")


def test_a_failure_is_raised_to_each_reader_that_shares_it_and_to_no_other() -> None:
    host = Host(broken)
    with caching(host, released=False) as cache, ThreadPoolExecutor(3, "reading") as pool:
        readers = [pool.submit(cache.recent) for _ in range(3)]
        until(lambda: waiting_threads("reading") == 3, SECONDS, "all waiting")
        host.released.set()
        assert [type(reader.exception(SECONDS)) for reader in readers] == [ZeroDivisionError] * 3
        host._answer = shop
        assert cache.recent().topology.attachments


def test_an_inventory_is_handed_over_at_once_and_taken_before_the_next_observation() -> None:
    host, found = Host(), inventory()
    with caching(host, released=False) as cache:
        cache.update_inventory(found)
        host.released.set()
        cache.fresh()
        assert host.inventories == [found]


def test_an_inventory_is_taken_without_a_reader() -> None:
    host = Host()
    with caching(host) as cache:
        cache.update_inventory(inventory())
        until(lambda: len(host.inventories) == 1, SECONDS, "it taken")
    assert host.begun == []


def test_while_the_kernel_hangs_only_the_newest_inventories_are_kept() -> None:
    host = Host()
    found = [inventory(run(f"web-{number}")) for number in range(MAX_INVENTORIES + 10)]
    with caching(host, released=False) as cache, ThreadPoolExecutor(1) as pool:
        reader = pool.submit(cache.fresh)
        until(lambda: len(host.begun) == 1, SECONDS, "an observation that hangs")
        for one in found:
            cache.update_inventory(one)
        host.released.set()
        reader.result(SECONDS)
        cache.fresh()
        assert host.inventories == found[10:]


def test_an_inventory_that_cannot_be_taken_is_logged_and_costs_no_observation() -> None:
    with capture_logs() as entries, caching(Host()) as cache:
        cache.update_inventory(Inventory())
        assert cache.fresh().topology.attachments
    assert [entry["event"] for entry in entries] == ["inventory update failed"]


def test_an_observation_that_lasts_for_a_minute_is_stalled() -> None:
    host = Host()
    with caching(host, released=False) as cache, ThreadPoolExecutor(1) as pool:
        assert not cache.stalled()
        reader = pool.submit(cache.fresh)
        until(lambda: len(host.begun) == 1, SECONDS, "an observation that hangs")
        host.now += STALL_SECONDS - 0.1
        assert not cache.stalled()
        host.now += 0.1
        assert cache.stalled()
        host.released.set()
        reader.result(SECONDS)
        until(lambda: not cache.stalled(), SECONDS, "its end")


def test_a_reader_does_not_wait_longer_than_its_time() -> None:
    with caching(Host(), released=False) as cache, pytest.raises(TimeoutError):
        cache.fresh(timeout=0.01)


def test_a_stop_ends_readers_although_the_kernel_hangs() -> None:
    host = Host()
    with caching(host, released=False) as cache, ThreadPoolExecutor(2, "reading") as pool:
        first = pool.submit(cache.fresh)
        until(lambda: len(host.begun) == 1, SECONDS, "an observation that hangs")
        second = pool.submit(cache.fresh)
        until(lambda: waiting_threads("reading") == 2, SECONDS, "both waiting")
        cache.stop()
        assert [type(reader.exception(SECONDS)) for reader in (first, second)] == [TimeoutError] * 2


def test_scrapes_and_inventories_at_the_same_time_do_not_lose_a_byte() -> None:
    found = devices(bridge("br-front", 3), veth("veth11", 11, master=3, nsid=1), sandboxes={"web": 1})
    cache = ObservationCache(Monitor(FakeKernel(found, row(11, tx=(100, 1)))))
    cache.start()
    known = inventory(run("web", network="front"), network("front"))
    cache.update_inventory(known)
    done = threading.Event()

    def scrape() -> set[int]:
        counted = set()
        while not done.is_set():
            counted |= {total[4] for total in (cache.fresh().endpoints or {}).values()}
        return counted

    with ThreadPoolExecutor(2) as pool:
        scrapes = [pool.submit(scrape) for _ in range(2)]
        for number in range(200):
            cache.update_inventory(inventory(run("web", network="front"), network("front"), run(f"other-{number}")))
        done.set()
        assert [scraped.result(SECONDS) for scraped in scrapes] == [{100}] * 2
    cache.stop()
