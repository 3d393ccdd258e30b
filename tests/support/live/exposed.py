"""A running exporter in a private host, and what it exposes as values to compare."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.support.private_host.host import PrivateHost
from tests.support.private_host.namespaces import netns
from tests.support.program import on_this_machine
from tests.support.waiting import until

PORT = 9714
COMMAND = str(Path(sys.executable).with_name("dockernet-exporter"))
COUNTERS = ("bytes", "packets", "errors", "packets_dropped")

Labels = frozenset[tuple[str, str]]


class Metrics:
    """One exposition: values by family and labels."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self._values.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value

    def series(self, name: str, **labels: str) -> list[tuple[dict[str, str], float]]:
        """All series of a family that have these labels."""
        wanted = labels.items()
        return [(dict(key), value) for key, value in self._values.get(name, {}).items() if wanted <= dict(key).items()]

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the one series that has these labels; None when there is none."""
        found = self.series(name, **labels)
        assert len(found) <= 1, f"{name}{labels} is not one series: {found}"
        return found[0][1] if found else None

    def label(self, name: str, label: str, **labels: str) -> str | None:
        """One label of the one series that has these others."""
        found = self.series(name, **labels)
        assert len(found) <= 1, f"{name}{labels} is not one series: {found}"
        return found[0][0][label] if found else None

    def counters(self, thing: str, **labels: str) -> dict[str, float | None]:
        """The eight counters of an endpoint, veth, bridge or uplink."""
        return {
            f"{direction}_{what}": self.value(f"dockernet_{thing}_{direction}_{what}_total", **labels)
            for direction in ("receive", "transmit")
            for what in COUNTERS
        }

    def names(self, family: str, label: str) -> set[str]:
        """All values of one label of a family."""
        return {labels[label] for labels, _ in self.series(family)}


# Failed binds are counted on a kernel without fexit and kprobes, too.
TRACEPOINTS = "--collector.bind-failures=tracepoint"


class Exporter:
    """A dockernet-exporter process inside a host, ready when made."""

    def __init__(
        self,
        host: PrivateHost,
        *flags: str,
        before: tuple[str, ...] = (),
        port: int = PORT,
        elsewhere: bool = False,
    ) -> None:
        """`before` is what the command is started by; `elsewhere` that it makes a network namespace of its own."""
        self._host = host
        self._port = port
        self._elsewhere = elsewhere
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed with the exporter
        began = time.monotonic()
        self.process: subprocess.Popen[Any] = host.popen(
            *before, COMMAND, "--docker.host", host.docker_url, TRACEPOINTS, *flags, stderr=self._log
        )
        try:
            self._answered = until(self._ready, 60, "a ready exporter")
        except BaseException as error:
            error.add_note(f"it said: {self.log()}")
            self.end()
            raise
        self._two_seconds = on_this_machine(2, began)

    def get(self, path: str = "/metrics", **headers: str) -> tuple[int, bytes]:
        """GET a path over the host's loopback."""
        with netns(self.process.pid if self._elsewhere else self._host.pid):
            sock = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        connection = http.client.HTTPConnection("localhost")
        connection.sock = sock
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def metrics(self) -> Metrics:
        """Scrape."""
        status, body = self.get()
        assert status == 200, body
        return Metrics(body.decode())

    def log(self) -> list[dict[str, Any]]:
        """What it has logged, one document per entry."""
        # not by seek: the process writes where this very file stands
        whole = os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0)
        lines, _, begun = whole.rpartition(b"\n")
        entries = lines.splitlines() if self.process.poll() is None else [*lines.splitlines(), *begun.splitlines()]
        return [json.loads(line) if line.startswith(b"{") else {"text": line.decode()} for line in entries]

    def stop(self) -> int:
        """Send SIGTERM and return the exit code; TimeoutExpired after more than the promised two seconds."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(self._two_seconds)

    def end(self) -> None:
        """Kill it, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        self._log.close()

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            return self.get("/-/ready")[0] == 200
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


def inside(container: Any) -> dict[str, dict[str, float]]:
    """The counters in a container's namespace by interface: /proc/PID/net/dev, directions as the container has them."""
    with contextlib.suppress(requests.ConnectionError):  # the engine may be away, and the container goes on
        container.reload()
    found = {}
    for line in Path(f"/proc/{container.attrs['State']['Pid']}/net/dev").read_text().splitlines()[2:]:
        name, _, rest = line.partition(":")
        columns = [float(column) for column in rest.split()]
        values = (*columns[0:4], *columns[8:12])
        found[name.strip()] = dict(zip(_COLUMNS, values, strict=True))
    return found


_COLUMNS = tuple(
    f"{direction}_{what}"
    for direction in ("receive", "transmit")
    for what in ("bytes", "packets", "errors", "packets_dropped")
)


def veth_reversed(host: PrivateHost, veth: str) -> dict[str, float]:
    """The counters of a host's veth by `ip -s link`, with the directions swapped."""
    (link,) = json.loads(host.run("ip", "-s", "-j", "link", "show", "dev", veth).stdout)
    kinds = {"bytes": "bytes", "packets": "packets", "errors": "errors", "packets_dropped": "dropped"}
    ends = {"receive": link["stats64"]["tx"], "transmit": link["stats64"]["rx"]}
    return {f"{direction}_{what}": float(end[key]) for direction, end in ends.items() for what, key in kinds.items()}


@contextmanager
def running(host: PrivateHost, *flags: str) -> Iterator[Exporter]:
    """An exporter for the length of a with block."""
    with Exporter(host, *flags) as exporter:
        yield exporter
