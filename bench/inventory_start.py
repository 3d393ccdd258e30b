"""From the start of the exporter until every endpoint of a full host is shown: imports, lists, inspects, the join."""

from collections.abc import Iterator

from bench.exporter_process import exporter
from bench.fake_host import fake_host
from bench.figures import Row, Times, number, took
from bench.scale import Scale

SECONDS = 1e-9
STARTS = 5


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows; the engine is one that only answers, so that this is the exporter's own time."""
    for count in scale.sizes:
        with fake_host(count) as host:
            starts, spent = Times(), Times()
            for _ in range(STARTS):
                starts.all.append(took(lambda: spent.all.append(_start(host.flags, count))))  # noqa: B023  called here
        against = f"Python's own included; CPU {number(spent.least * SECONDS)} s at least"
        yield Row("start until all is shown", f"{count} containers", starts.text(SECONDS, "s"), against)


def _start(flags: tuple[str, ...], count: int) -> float:
    """Return the CPU time until then, in nanoseconds."""
    with exporter(flags) as process:
        process.wait_for(count)
        return process.cpu()
