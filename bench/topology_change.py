"""What a change costs: the first scrape after one device changed makes the join and all label texts anew."""

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator

from pyroute2 import IPRoute

from bench.devices import veth_name
from bench.exporter_process import OPENMETRICS, TEXT, Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import MS, Row, Times, measured, number, took
from bench.scale import Scale

HEARD_SECONDS = 0.02  # the kernel's message is heard in less than a millisecond
MTUS = itertools.cycle((1400, 1401))


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    for count in scale.sizes:
        with fake_host(count) as host:
            size = f"{count} endpoints"
            started = time.perf_counter_ns()
            with exporter(host.flags) as process:
                process.wait_for(count)
                start = Times([time.perf_counter_ns() - started])
                yield Row("start until all is attributed", size, f"{number(start.least * MS)} ms", _imports())
                for name, accept in (("text", TEXT), ("OpenMetrics", OPENMETRICS)):
                    yield from _changes(name, accept, size, process, scale.changes)


def _imports() -> str:
    argv = [sys.executable, "-c", "import exporter.daemon"]
    bare = measured(3, lambda: subprocess.run(argv, check=True))
    return f"of which imports {number(bare.least * MS)} ms"


def _changes(name: str, accept: str, size: str, process: Exporter, count: int) -> Iterator[Row]:
    """A scrape after a change, and one after none, by turns."""
    same, changed, spent = Times(), Times(), 0.0
    process.client.get(accept)
    with IPRoute() as route:
        [index] = route.link_lookup(ifname=veth_name(0))
        for _ in range(count):
            same.all.append(took(lambda: process.client.get(accept)))
            route.link("set", index=index, mtu=next(MTUS))
            time.sleep(HEARD_SECONDS)
            before = process.cpu()
            changed.all.append(took(lambda: process.client.get(accept)))
            spent += process.cpu() - before
    against = changed.times(same, "one after none")
    yield Row(f"scrape after a change: {name}", size, changed.tail(), against)
    yield Row(f"CPU of it: {name}", size, f"{number(spent * MS / count)} ms")
