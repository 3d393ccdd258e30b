"""A Prometheus of one's own: on a free port of the loopback, with a history, scraping nothing."""

import json
import socket
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grafana.preview import exporters, firewall, inventory, pairs, traffic
from grafana.preview.history import History
from tests.support.private_host.engines import tool
from tests.support.waiting import until

START_SECONDS = 30


def made_up(end: int, hours: float) -> History:
    """The history of the made-up hosts, up to a moment."""
    history = History(end, hours)
    for part in (inventory, traffic, pairs, exporters, firewall):
        part.fill(history)
    return history


@contextmanager
def serving(history: History) -> Iterator[str]:
    """Run Prometheus on a history; its address."""
    with tempfile.TemporaryDirectory(prefix="dockernet-preview-") as folder:
        history.write(Path(folder) / "history.txt")
        blocks = ("tsdb", "create-blocks-from", "openmetrics", f"{folder}/history.txt", f"{folder}/data")
        subprocess.run([str(tool("promtool")), *blocks], check=True, stdout=subprocess.DEVNULL)
        (Path(folder) / "prometheus.yml").write_text("{}")
        address = f"127.0.0.1:{free_port()}"
        command = (
            str(tool("prometheus")),
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
            "--web.cors.origin=http://127\\.0\\.0\\.1:.*",
        )
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                until(lambda: is_ready(f"http://{address}"), START_SECONDS, "an answer of Prometheus")
                yield f"http://{address}"
            finally:
                process.terminate()


def free_port() -> int:
    """A port that is free at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_ready(address: str) -> bool:
    """Whether a Prometheus takes queries."""
    try:
        with urllib.request.urlopen(f"{address}/-/ready", timeout=5):
            return True
    except OSError:
        return False


def instant(address: str, expression: str, when: float) -> list[dict[str, Any]]:
    """The series of an expression at a moment."""
    return _ask(address, "query", query=expression, time=when)


def over_time(address: str, expression: str, start: float, end: float, step: int) -> list[dict[str, Any]]:
    """The series of an expression over a time range."""
    return _ask(address, "query_range", query=expression, start=start, end=end, step=step)


def _ask(address: str, path: str, **parameters: object) -> list[dict[str, Any]]:
    """ValueError with Prometheus' own words when it refuses."""
    body = urllib.parse.urlencode(parameters).encode()
    try:
        with urllib.request.urlopen(f"{address}/api/v1/{path}", body, timeout=30) as answer:
            return list(json.load(answer)["data"]["result"])
    except urllib.error.HTTPError as error:
        raise ValueError(f"{json.load(error)['error']}: {parameters['query']}") from error
