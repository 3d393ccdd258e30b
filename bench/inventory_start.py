"""From the start of the exporter until every endpoint of a full host is shown: lists, inspects, the join."""

from collections.abc import Iterator

from bench.exporter_process import exporter
from bench.fake_host import fake_host
from bench.figures import Row, Times, took
from bench.scale import Scale

SECONDS = 1e-9


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows; the engine is one that only answers, so that this is the exporter's own time."""
    for count in scale.sizes:
        with fake_host(count) as host:
            starts = Times(_started(host.flags, count) for _ in range(3))
        yield Row("start until all is shown", f"{count} containers", starts.text(SECONDS, "s"), "Python's own included")


def _started(flags: tuple[str, ...], count: int) -> float:
    def start() -> None:
        with exporter(flags) as process:
            process.wait_for(count)

    return took(start)
