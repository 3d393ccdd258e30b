"""The product's image, built by `docker build` on a private host and started by `docker compose`."""

import http.client
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.clients import DockerClient
from tests.support.live import image_base
from tests.support.live.exposed import Metrics
from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.namespaces import netns
from tests.support.waiting import until

DEPLOY = image_base.REPOSITORY / "deploy"
IMAGE, PROJECT, SERVICE, PORT = "dockernet-exporter", "dockernet", "exporter", 9714
BUILD_SECONDS = 600
WHEELS_PORT = 8000

# What Prometheus' image is to compose.yml: a program, whose data a user without rights may write.
PROMETHEUS = f"""
FROM {image_base.NAME}
COPY prometheus /bin/prometheus
RUN install -d -o 65534 -g 65534 /prometheus
USER 65534:65534
ENTRYPOINT ["/bin/prometheus"]
"""

# A stand-in for the image of the socket proxy, with the flags of its that the files in deploy/ use.
PROXY = f"""
FROM {image_base.NAME}
COPY socket_proxy.py /socket_proxy.py
ENTRYPOINT ["python3", "/socket_proxy.py"]
"""

Service = dict[str, Any]


class Image:
    """The image, built from the Dockerfile."""

    def __init__(self, host: PrivateHost, folder: Path) -> None:
        """Raises PackageUnavailableError when something that it is built from cannot be had."""
        base, wheels = image_base.archive(), image_base.wheels()
        self.host = host
        self._client = DockerClient(folder)
        self._environment = {**self._client.environment, "DOCKER_HOST": host.docker_url, "DOCKER_GID": _group(host)}
        self._environment |= {"PROMETHEUS_IMAGE": "prom/prometheus:local", "SOCKET_PROXY_IMAGE": "socket-proxy:local"}
        self.docker("import", str(base), image_base.NAME)
        with _served(host, wheels) as url:
            sources = {"BASE_IMAGE": image_base.NAME, "PIP_FIND_LINKS": url, "PIP_NO_INDEX": "1", "REVISION": "abc123"}
            arguments = [word for name, value in sources.items() for word in ("--build-arg", f"{name}={value}")]
            self.docker("build", "--network=host", "--tag", IMAGE, *arguments, str(image_base.REPOSITORY))

    def docker(self, *arguments: str) -> str:
        """Run the command line on the host; its output, or AssertionError with what it said."""
        argv = (str(self._client.program), *arguments)
        done = self.host.run(*argv, env=self._environment, check=False, timeout=BUILD_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add_prometheus(self) -> None:
        """Give the name of Prometheus' own image to one with Debian's Prometheus, started in the same way."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(tool("prometheus"), folder)
            Path(folder, "Dockerfile").write_text(PROMETHEUS)
            self.docker("build", "--tag", "prom/prometheus:local", folder)

    def add_proxy(self) -> None:
        """Make the stand-in for the socket proxy's image."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(Path(__file__).with_name("socket_proxy.py"), folder)
            Path(folder, "Dockerfile").write_text(PROXY)
            self.docker("build", "--tag", "socket-proxy:local", folder)

    def size(self, name: str = IMAGE) -> int:
        """The size of an image in bytes."""
        return int(self.host.api().inspect_image(name)["Size"])

    @contextmanager
    def composed(self, *files: Path, also: tuple[str, ...] = ()) -> Iterator["Running"]:
        """The exporter, and other services, as `docker compose up` starts them from these files."""
        compose = ("compose", "--project-name", PROJECT, *(f"--file={file}" for file in files))
        try:
            self.docker(*compose, "up", "--detach", "--no-build", SERVICE, *also)
            yield Running(self.host)
        finally:
            self.docker(*compose, "down", "--volumes", "--timeout", "1")

    @contextmanager
    def changed(self, change: Callable[[Service], object], file: str = "compose.yml") -> Iterator["Running"]:
        """The same from a file with one thing changed in it."""
        service = yaml.safe_load((DEPLOY / file).read_text())["services"][SERVICE]
        service.pop("build", None)
        change(service)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "compose.yml"
            path.write_text(yaml.safe_dump({"services": {SERVICE: service}}))
            with self.composed(path) as running:
                yield running


class Running:
    """A running container of the image, ready when made."""

    def __init__(self, host: PrivateHost) -> None:
        found = until(lambda: host.client().containers.list(filters={"ancestor": IMAGE}), 60, "a container")
        (self.container,) = found
        until(self._ready, 60, "a ready exporter")

    def text(self) -> str:
        """Scrape, from within the container's network namespace."""
        status, body = self._get("/metrics")
        assert status == http.client.OK, body
        return body.decode()

    def degraded(self) -> set[tuple[str, str]]:
        """What it says it lacks: collector and reason; connections lacks what bind_failures lacks.

        The collector of connections is left out for that.
        """
        found = Metrics(self.text()).series("dockernet_collector_degraded")
        lacking = {(labels["collector"], labels["reason"]) for labels, _ in found}
        return {(collector, reason) for collector, reason in lacking if collector != "connections"}

    def _ready(self) -> bool:
        self.container.reload()
        assert self.container.status == "running", self.container.logs().decode()
        try:
            return self._get("/-/ready")[0] == http.client.OK
        except OSError:
            return False

    def _get(self, path: str) -> tuple[int, bytes]:
        with netns(self.container.attrs["State"]["Pid"]):
            sock = socket.create_connection(("127.0.0.1", PORT), timeout=60)
        connection = http.client.HTTPConnection("exporter")
        connection.sock = sock
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def families(text: str) -> set[str]:
    """The names of all families that have a series."""
    return set(re.findall(r"^(\w+)(?:\{.*\})? \S+$", text, re.MULTILINE))


def _group(host: PrivateHost) -> str:
    return str(Path(host.docker_url.removeprefix("unix://")).stat().st_gid)


@contextmanager
def _served(host: PrivateHost, folder: Path) -> Iterator[str]:
    """The folder by HTTP on the loopback of the host."""
    argv = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(WHEELS_PORT))
    server = host.popen(*argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: host.run("ss", "-Hltn", f"sport = :{WHEELS_PORT}").stdout, 30, "a server of the wheels")
        yield f"http://127.0.0.1:{WHEELS_PORT}/"
    finally:
        server.kill()
        server.wait(60)
