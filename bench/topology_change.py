"""What a change costs: the first scrape after an endpoint came or went makes the join and all label texts anew."""

import itertools
import subprocess
import time
from collections.abc import Callable, Iterator

from pyroute2 import IPRoute

from bench.compiled import interpreter
from bench.devices import bridge_name, veth_name
from bench.exporter_process import Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import MS, Row, Times, measured, number, took
from bench.scale import Scale

NO_BRIDGE = 0
HEARD_SECONDS = 0.02  # the kernel's message is heard in less than a millisecond


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
                yield from _changes("text", size, process, process.client.get, scale.changes)
                yield from _changes("OpenMetrics, gzip", size, process, process.client.as_prometheus, scale.changes)


def _imports() -> str:
    argv = [interpreter(), "-c", "import exporter.app.daemon"]
    bare = measured(3, lambda: subprocess.run(argv, check=True))
    return f"of which imports {number(bare.least * MS)} ms"


def _changes(name: str, size: str, process: Exporter, scrape: Callable[[], bytes], count: int) -> Iterator[Row]:
    """A scrape after a change, and one after none, by turns."""
    same, changed, spent = Times(), Times(), 0.0
    scrape()
    with IPRoute() as route:
        [veth], [bridge] = route.link_lookup(ifname=veth_name(0)), route.link_lookup(ifname=bridge_name(0))
        for master in itertools.islice(itertools.cycle((NO_BRIDGE, bridge)), count):
            same.all.append(took(scrape))
            route.link("set", index=veth, master=master)
            time.sleep(HEARD_SECONDS)
            before = process.cpu()
            changed.all.append(took(scrape))
            spent += process.cpu() - before
    against = f"{changed.times(same, 'one after none')}; CPU {number(spent * MS / count)} ms"
    yield Row(f"scrape after a change: {name}", size, changed.tail(), against)
