"""The exporter as a process of its own, watched from outside."""

import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from gzip import decompress
from http.client import HTTPConnection
from pathlib import Path

from bench.compiled import interpreter

PORT = 19714
START_SECONDS = 60
PAUSE_SECONDS = 0.02
ENDPOINT_SERIES = b"\ndockernet_endpoint_receive_bytes_total{"
TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"

Start = Callable[[Sequence[str]], subprocess.Popen[bytes]]


class Client:
    """A connection that is kept, as Prometheus keeps its own."""

    def __init__(self, port: int = PORT) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, accept: str = TEXT, *, gzip: bool = False, path: str = "/metrics") -> bytes:
        """Return the body as it came over the wire."""
        headers = {"Accept": accept, "Accept-Encoding": "gzip" if gzip else "identity"}
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return body

    def as_prometheus(self) -> bytes:
        """Scrape with the preferences of Prometheus."""
        return self.get(OPENMETRICS, gzip=True)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running exporter."""

    pid: int
    client: Client

    def cpu(self) -> float:
        """Nanoseconds of CPU that all its threads have used: the process's own clock (clock_getcpuclockid(3))."""
        return time.clock_gettime_ns((~self.pid << 3) | 2)

    def memory(self, field: str = "VmRSS") -> float:
        """Return a figure of /proc/PID/status in MB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError(f"no {field} of process {self.pid}")

    def wakeups(self) -> int:
        """How often its threads went to sleep and were woken (voluntary_ctxt_switches of /proc/PID/task/*/status)."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/status")
        lines = [line for task in tasks for line in task.read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches:"))

    def fresh_memory(self) -> int:
        """Bytes that the kernel has given it page by page (minflt of /proc/PID/stat): what allocations really cost."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[7]) * resource.getpagesize()

    def wait_for(self, series: int) -> None:
        """Wait until so many endpoints are shown: then everything is attributed. Asks as Prometheus does."""
        deadline = time.monotonic() + START_SECONDS
        shown = -1
        while time.monotonic() < deadline:
            with suppress(OSError):
                shown = decompress(self.client.as_prometheus()).count(ENDPOINT_SERIES)
                if shown == series:
                    return
            self.client.close()
            time.sleep(PAUSE_SECONDS)
        raise RuntimeError(f"{shown} endpoints are shown and not {series}")


def start_here(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process in the calling thread's namespaces."""
    return subprocess.Popen(argv)


@contextmanager
def exporter(flags: Sequence[str], start: Start = start_here, port: int = PORT) -> Iterator[Exporter]:
    """Run an exporter with these flags, and with the default collectors."""
    listen = f"--web.listen-address=127.0.0.1:{port}"
    process = start([interpreter(), "-m", "exporter", listen, "--log.level=error", *flags])
    client = Client(port)
    try:
        yield Exporter(process.pid, client)
    finally:
        client.close()
        process.terminate()
        process.wait(30)
