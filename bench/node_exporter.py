"""The same host through Prometheus' node_exporter: what is usual, and knows no container."""

from collections.abc import Iterator

from bench.exporter_process import Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import MS, Row, measured, number
from bench.other_exporters import node_exporter
from bench.scale import Scale

SCRAPES = 20


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows: both on one host, one after the other."""
    theirs = node_exporter()  # before there is no network any more
    for count in scale.sizes:
        with fake_host(count) as host, exporter(host.flags) as ours, theirs.run() as other:
            ours.wait_for(count)
            yield _row("dockernet-exporter: text", ours, count)
            yield _row("node_exporter: text", other, count)


def _row(name: str, process: Exporter, count: int) -> Row:
    process.client.get()
    before = process.cpu()
    times = measured(SCRAPES, process.client.get)
    cpu = (process.cpu() - before) * MS / SCRAPES
    memory = f"{number(cpu)} ms CPU each, {process.memory():.0f} MB"
    return Row(name, f"{count} endpoints", times.text(), memory)
