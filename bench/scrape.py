"""A whole scrape over HTTP: latency, CPU and memory of an exporter process with all default collectors."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.exporter_process import OPENMETRICS, TEXT, Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import MS, Row, Times, judged, measured, number, took
from bench.floor import floor
from bench.rival import Rival
from bench.scale import Scale

BLOCK = 10  # scrapes of one kind before it is another kind's turn
GOAL_AT, GOAL_MS, GOAL_MB = 1000, 10, 80
FLOOR_GOAL = 4  # times the floor


@dataclass(slots=True)
class Kind:
    """What a scraper asks for, and what that cost."""

    name: str
    accept: str
    gzip: bool
    times: Times = field(default_factory=Times)
    cpu: float = 0.0
    memory: float = 0.0
    size: int = 0


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    for count in scale.sizes:
        with fake_host(count) as host, exporter(host.flags) as process:
            process.wait_for(count)
            for _ in range(BLOCK):
                process.client.as_prometheus()
            yield _memory("as Prometheus scrapes", process, count)
            yield from _sizes(count, scale, process)


def _sizes(count: int, scale: Scale, process: Exporter) -> Iterator[Row]:
    kinds = _kinds()
    _scrape(process, kinds, max(1, scale.scrapes // BLOCK))
    size = f"{count} endpoints"
    for kind in kinds:
        yield _latency(kind, size, count)
    yield Row("CPU per scrape: " + kinds[0].name, size, _cpu(kinds[0]), f"gzip: {_cpu(kinds[1])}")
    yield Row("CPU per scrape: " + kinds[2].name, size, _cpu(kinds[2]), f"gzip: {_cpu(kinds[3])}")
    yield Row("fresh memory per scrape: " + kinds[0].name, size, _fresh(kinds[0]), f"gzip: {_fresh(kinds[1])}")
    yield Row("fresh memory per scrape: " + kinds[2].name, size, _fresh(kinds[2]), f"gzip: {_fresh(kinds[3])}")
    yield _memory("after all four", process, count)
    yield _floor(process, kinds[3], size, scale)
    rival = Rival()
    theirs = measured(scale.rival_scrapes, rival.scrape)
    rival.close()
    against = theirs.times(kinds[0].times, "ours over HTTP")
    yield Row("rival's scrape: pyroute2, prometheus_client", size, theirs.text(), against)


def _floor(process: Exporter, kind: Kind, size: str, scale: Scale) -> Row:
    """A C program that dumps the same counters, writes the same text and compresses it, without HTTP."""
    with floor(process.client.get(OPENMETRICS)) as program:
        program.sample(BLOCK)
        least = Times(program.sample(max(BLOCK, scale.scrapes // 4)))
    ratio = kind.cpu / len(kind.times.all) / least.middle
    verdict = judged(f"<= {FLOOR_GOAL} x", met=ratio <= FLOOR_GOAL)
    return Row("CPU per scrape: C floor, OpenMetrics, gzip", size, least.text(), f"ours: {number(ratio)} x", verdict)


def _kinds() -> list[Kind]:
    return [
        Kind("text", TEXT, gzip=False),
        Kind("text, gzip", TEXT, gzip=True),
        Kind("OpenMetrics", OPENMETRICS, gzip=False),
        Kind("OpenMetrics, gzip", OPENMETRICS, gzip=True),
    ]


def _scrape(process: Exporter, kinds: list[Kind], blocks: int) -> None:
    """By turns, so that the noise of the machine hits all kinds."""
    for kind in kinds:
        kind.size = len(process.client.get(kind.accept, gzip=kind.gzip))
    for _ in range(blocks):
        for kind in kinds:
            before, memory = process.cpu(), process.fresh_memory()
            for _ in range(BLOCK):
                kind.times.all.append(took(lambda kind=kind: process.client.get(kind.accept, gzip=kind.gzip)))  # type: ignore[misc]
            kind.cpu += process.cpu() - before
            kind.memory += process.fresh_memory() - memory


def _latency(kind: Kind, size: str, count: int) -> Row:
    goal = ""
    if count == GOAL_AT:
        goal = judged(f"median <= {GOAL_MS} ms", met=kind.times.middle * MS <= GOAL_MS)
    return Row(f"scrape: {kind.name}", size, kind.times.tail(), f"{kind.size / 1e6:.2f} MB", goal)


def _cpu(kind: Kind) -> str:
    return f"{number(kind.cpu * MS / len(kind.times.all))} ms"


def _fresh(kind: Kind) -> str:
    return f"{number(kind.memory / 1e6 / len(kind.times.all))} MB"


def _memory(when: str, process: Exporter, count: int) -> Row:
    now, peak = process.memory(), process.memory("VmHWM")
    goal = judged(f"<= {GOAL_MB} MB", met=now <= GOAL_MB) if count == GOAL_AT else ""
    return Row(f"resident memory, {when}", f"{count} endpoints", f"{now:.1f} MB", f"peak {peak:.1f} MB", goal)
