"""What a scrape does, counted and not timed: calls of functions, and bytes that are allocated at once.

The recorded figures are of CPython 3.11. A change of more than a tenth either way fails: record a lower one, too, so
that the next rise is seen.
"""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.config import COLLECTORS
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Devices, StatsRow
from exporter.metrics.exposition import Exposition
from exporter.monitor.monitor import Monitor
from tests.support.builders import bridge, devices, inventory, network, row, run, veth
from tests.support.kernel.fake_kernel import FakeKernel

TOLERANCE = 0.1
FRONT, FIRST = bridge("br-front", 3), 10


class Host:
    """A monitor and an exposition above a kernel whose devices and counters a test sets."""

    def __init__(self, count: int) -> None:
        self._kernel = FakeKernel(host_devices(count), *rows(count, 1000))
        self._monitor = Monitor(self._kernel)
        self._exposition = Exposition(COLLECTORS, own_metrics=False)
        self._monitor.update_inventory(host_inventory(count))

    def traffic(self, count: int, sent: int) -> None:
        """Set the counters; all else that was read is the same objects, as of sources without a change."""
        self._kernel.answer = replace(self._kernel.answer, stats=rows(count, sent))

    def change(self, count: int) -> None:
        """Set the number of endpoints."""
        self._kernel.answer = replace(self._kernel.answer, devices=host_devices(count))
        self._monitor.update_inventory(host_inventory(count))

    def scrape(self) -> None:
        """As Prometheus does."""
        self._exposition.render(self._monitor.observe(), openmetrics=True)


def host_devices(count: int) -> Devices:
    veths = (veth(f"veth{n}", FIRST + n, master=3, nsid=n) for n in range(count))
    return devices(FRONT, *veths, sandboxes={f"c{n}": n for n in range(count)})


def host_inventory(count: int) -> Inventory:
    return inventory(*(run(f"c{n}", network="front") for n in range(count)), network("front"))


def rows(count: int, sent: int) -> list[StatsRow]:
    return [row(FIRST + n, tx=(sent + n, n), rx=(sent, 1)) for n in range(count)]


def calls(work: Callable[[], None]) -> int:
    """Calls of functions, of Python and of C, while it runs."""
    found = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found


def peak_kb(work: Callable[[], None]) -> int:
    """The most that was allocated at once in addition to what was there before."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return (tracemalloc.get_traced_memory()[1] - before) // 1024
    finally:
        tracemalloc.stop()


@dataclass(frozen=True)
class Recorded:
    """Calls of a scrape after traffic alone and of one after an endpoint came; the kB of the former."""

    steady: int
    changed: int
    kb: int


RECORDED = {100: Recorded(1650, 10806, 734), 1000: Recorded(9878, 66616, 7156)}


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the figures are of CPython 3.11")
@pytest.mark.parametrize("count", RECORDED)
def test_a_scrape_does_as_much_as_recorded(count: int) -> None:
    host = Host(count)
    for sent in (2000, 3000):
        host.traffic(count, sent)
        host.scrape()
    host.traffic(count, 4000)
    steady = calls(host.scrape)
    host.traffic(count, 5000)
    kb = peak_kb(host.scrape)
    host.change(count + 1)
    host.traffic(count + 1, 6000)
    changed = calls(host.scrape)
    expected = RECORDED[count]
    found = Recorded(steady, changed, kb)
    assert found.steady == pytest.approx(expected.steady, rel=TOLERANCE), found
    assert found.changed == pytest.approx(expected.changed, rel=TOLERANCE), found
    assert found.kb == pytest.approx(expected.kb, rel=TOLERANCE), found


def test_a_few_calls_more_for_each_endpoint_are_found() -> None:
    host = Host(100)
    host.scrape()
    host.traffic(100, 2000)
    usual = calls(host.scrape)
    host.traffic(100, 3000)

    def more() -> None:
        host.scrape()
        for number in range(500):
            abs(number)

    assert calls(more) > usual * (1 + TOLERANCE)
