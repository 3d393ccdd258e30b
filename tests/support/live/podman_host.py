"""A private host with Podman, as tests/support/podman_checks.py looks at it."""

from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any

from tests.support.live.exposed import COMMAND, Exporter, Metrics, inside
from tests.support.live.listening import connect
from tests.support.podman_checks import PORT
from tests.support.private_host.engines import tool
from tests.support.private_host.podman import Podman


@dataclass(frozen=True, slots=True)
class Host:
    """The service, and an exporter where there are containers."""

    engine: Podman
    exporter: Exporter | None = None
    seconds: float = 60

    @property
    def version(self) -> str:
        """Podman's."""
        return self.engine.version

    def command(self, *words: str) -> CompletedProcess[str]:
        """Run a command of the exporter on Podman's socket."""
        return self.engine.host.run(COMMAND, "--docker.host", self.engine.url, *words, check=False)

    def get(self, path: str) -> str:
        """The body of a path of the exporter."""
        assert self.exporter
        status, body = self.exporter.get(path)
        assert status == 200, body
        return body.decode()

    def metrics(self) -> Metrics:
        """Scrape it."""
        return Metrics(self.get("/metrics"))

    def counters(self, name: str) -> dict[str, float | None]:
        """The counters of eth0 in a container."""
        return {**inside(self._container(name))["eth0"]}

    def address(self, name: str, network: str) -> str:
        """The IPv4 address of a container."""
        return str(self._container(name).attrs["NetworkSettings"]["Networks"][network]["IPAddress"])

    def connect(self, times: int) -> None:
        """Connect to the published port."""
        connect(self.engine.host, PORT, times)

    def fetched(self, name: str, url: str) -> str:
        """What a container gets from a URL."""
        enter = ("nsenter", "-t", str(self._container(name).attrs["State"]["Pid"]), "-n")
        return self.engine.host.run(*enter, str(tool("busybox")), "wget", "-qO-", url).stdout

    def _container(self, name: str) -> Any:
        return self.engine.client.containers.get(name)
