"""Other exporters, as processes that are watched like this one."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.exporter_process import Client, Exporter, Start
from tests.support.private_host.engines import tool
from tests.support.waiting import until

NODE_EXPORTER_PORT, CADVISOR_PORT = 19100, 19101
CADVISOR = "CADVISOR"  # the environment variable with the path of its program
START_SECONDS = 60


def start_silently(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process in the calling thread's namespaces."""
    return subprocess.Popen(argv, stderr=subprocess.DEVNULL)


@dataclass(frozen=True, slots=True)
class Other:
    """Another exporter: its name, its command and the port that it listens on."""

    name: str
    argv: tuple[str, ...]
    port: int

    @contextmanager
    def run(self, start: Start = start_silently) -> Iterator[Exporter]:
        """Run it, from its first answer on."""
        process = start(self.argv)
        client = Client(self.port)
        try:
            until(lambda: _answers(client), START_SECONDS, f"an answer of {self.name}")
            yield Exporter(process.pid, client)
        finally:
            client.close()
            process.terminate()
            process.wait(10)


def node_exporter() -> Other:
    """Debian's node_exporter with its defaults; fetched, where it is not there yet."""
    listen = f"--web.listen-address=127.0.0.1:{NODE_EXPORTER_PORT}"
    program = str(tool("prometheus-node-exporter"))
    return Other("node_exporter", (program, listen, "--log.level=error"), NODE_EXPORTER_PORT)


def cadvisor(docker_url: str) -> Other | None:
    """The cAdvisor that the environment names, with its defaults; None where it names none."""
    if not (program := os.environ.get(CADVISOR)):
        return None
    flags = ("-listen_ip=127.0.0.1", f"-port={CADVISOR_PORT}", f"-docker={docker_url}")
    return Other("cadvisor", (program, *flags), CADVISOR_PORT)


def _answers(client: Client) -> bool:
    try:
        return bool(client.get())
    except (OSError, RuntimeError):
        client.close()
        return False
