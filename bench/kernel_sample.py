"""All counters of the kernel, against a C program that does the same, and against what others do."""

from collections.abc import Iterator
from pathlib import Path

from pyroute2 import IPRoute

from bench.devices import devices
from bench.figures import US, Row, Times, judged, measured
from bench.floor import Floor, floor
from bench.scale import Scale
from exporter.kernel.links.stats import LinkStatsReader

GOAL = 1.5
BURST = 20
NET_DEV = Path("/proc/thread-self/net/dev")
DEV_COLUMNS = (1, 9, 0, 8, 2, 10, 3, 11)  # the eight counters that ours reads


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    for count in scale.sizes:
        with devices(count), floor() as program:
            yield from _sizes(count, scale, program)


def _sizes(count: int, scale: Scale, program: Floor) -> Iterator[Row]:
    least, ours = _interleaved(scale.bursts, program)
    size = f"{program.links} links"
    ratio = ours.middle / least.middle
    yield Row("kernel sample: C floor", size, least.tail(US, "us"))
    goal = judged(f"<= {GOAL} x", met=ratio <= GOAL)
    yield Row("kernel sample: ours", size, ours.tail(US, "us"), ours.times(least, "floor"), goal)
    file = measured(2 * scale.bursts, _net_dev)
    yield Row("kernel sample: /proc/net/dev", size, file.text(US, "us"), file.times(ours, "ours"))
    with IPRoute() as route:
        rival = measured(max(2, min(20, 2000 // count)), lambda: list(route.get_links()))
    yield Row("kernel sample: pyroute2 get_links", size, rival.text(US, "us"), rival.times(ours, "ours"))


def _interleaved(bursts: int, program: Floor) -> tuple[Times, Times]:
    """Bursts of the floor and of ours by turns, so that the noise of the machine hits both."""
    least, ours = Times(), Times()
    reader = LinkStatsReader()
    reader.read()
    for _ in range(bursts):
        least.all += program.sample(BURST)
        ours.all += measured(BURST, reader.read).all
    if len(reader.read()) != program.links:
        raise RuntimeError("the floor and the reader see different devices")
    reader.close()
    return least, ours


def _net_dev() -> dict[str, tuple[int, ...]]:
    """The same counters from the file that most exporters read."""
    found = {}
    for line in NET_DEV.read_text().splitlines()[2:]:
        name, _, rest = line.partition(":")
        columns = rest.split()
        found[name.strip()] = tuple([int(columns[place]) for place in DEV_COLUMNS])
    return found
