"""The same host through Prometheus' node_exporter: what is usual, and knows no container."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.exporter_process import Client, Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import MS, Row, measured, number
from bench.scale import Scale
from tests.support.private_host.engines import tool
from tests.support.waiting import until

PORT = 19100
SCRAPES = 20


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows: both on one host, one after the other."""
    tool("prometheus-node-exporter")  # before there is no network any more
    for count in scale.sizes:
        with fake_host(count) as host, exporter(host.flags) as ours, _node_exporter() as theirs:
            ours.wait_for(count)
            yield _row("dockernet-exporter: text", ours, count)
            yield _row("node_exporter: text", theirs, count)


def _row(name: str, process: Exporter, count: int) -> Row:
    process.client.get()
    before = process.cpu()
    times = measured(SCRAPES, process.client.get)
    cpu = (process.cpu() - before) * MS / SCRAPES
    memory = f"{number(cpu)} ms CPU each, {process.memory():.0f} MB"
    return Row(name, f"{count} endpoints", times.text(), memory)


@contextmanager
def _node_exporter() -> Iterator[Exporter]:
    argv: Sequence[str] = (
        str(tool("prometheus-node-exporter")),
        f"--web.listen-address=127.0.0.1:{PORT}",
        "--log.level=error",
    )
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    client = Client(PORT)
    try:
        until(lambda: _answers(client), 20, "an answer of node_exporter")
        yield Exporter(process.pid, client)
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def _answers(client: Client) -> bool:
    try:
        return bool(client.get())
    except (OSError, RuntimeError):
        client.close()
        return False
