"""From a fault on a real engine to an alert with its text in a real Prometheus, and back.

How long each must last is shortened here; the rules' own times are the business of their unit tests.
"""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from os import kill
from typing import Any

import pytest

from tests.support.live.exposed import Exporter
from tests.support.live.hosts import available
from tests.support.live.shop import IMAGE
from tests.support.private_host.engines import DEFAULT, tool
from tests.support.private_host.host import PrivateHost
from tests.support.rule_files import PROMETHEUS
from tests.support.waiting import until

SECONDS = 60
INSTANCE = "localhost:9714"

Alert = dict[str, Any]


class Town:
    """A host with the exporter and Prometheus, whose alerts can be asked for."""

    def __init__(self, host: PrivateHost) -> None:
        self.host = host
        self.engine = host.client()

    def run(self, name: str, *command: str, **options: Any) -> Any:
        """`docker run --detach`."""
        words = list(command) or ["httpd", "-f", "-p", "80"]
        return self.engine.containers.run(IMAGE, words, name=name, detach=True, **options)

    def serves(self, port: int) -> None:
        """Wait until somebody listens on a port of the host."""
        until(lambda: self.host.run("ss", "-Hltn", f"sport = :{port}").stdout, SECONDS, f"a listener on {port}")

    def firing(self) -> dict[str, list[str]]:
        """The alerts that fire, by name: their descriptions."""
        url = "http://127.0.0.1:9090/api/v1/alerts"
        answer = self.host.run(str(tool("busybox")), "wget", "-q", "-O", "-", url, check=False)
        alerts: list[Alert] = json.loads(answer.stdout)["data"]["alerts"] if answer.returncode == 0 else []
        found: dict[str, list[str]] = {}
        for alert in alerts:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert["annotations"]["description"])
        return found

    def says(self, alert: str, *words: str) -> None:
        """Wait until an alert fires whose description names all of these."""

        def is_firing() -> bool:
            return any(all(word in text for word in words) for text in self.firing().get(alert, ()))

        until(is_firing, SECONDS, f"{alert} with {words}, but {self.firing()}")

    def is_calm(self) -> None:
        """Wait until nothing fires."""
        until(lambda: not self.firing(), SECONDS, f"calm, but {self.firing()}")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Prometheus reads the product's own files: copies, in which nobody has to wait for minutes."""
    folder = tmp_path_factory.mktemp("prometheus")
    for path in PROMETHEUS.glob("*.yml"):
        text = re.sub(r"for: \d+m$", "for: 2s", path.read_text(), flags=re.MULTILINE)
        (folder / path.name).write_text(re.sub(r"_interval: 10s", "_interval: 1s", text))
    with PrivateHost(engine=available(DEFAULT)) as host, Exporter(host.start().load_image()):
        prometheus = host.popen(
            str(tool("prometheus")),
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            "--web.listen-address=127.0.0.1:9090",
            stderr=subprocess.DEVNULL,
        )
        yield Town(host)
        prometheus.terminate()
        prometheus.wait(SECONDS)
    shutil.rmtree(folder)


@pytest.fixture
def calm(town: Town) -> Iterator[Town]:
    """Nothing fires before a test, nor after it."""
    town.is_calm()
    yield town
    town.is_calm()
    for container in town.engine.containers.list(all=True):
        container.remove(force=True)


def test_a_port_that_a_host_mode_container_took_names_both(calm: Town) -> None:
    squatter = calm.run("squatter", "httpd", "-f", "-p", "8081", network_mode="host")
    calm.serves(8081)
    claimant = calm.engine.containers.create(
        IMAGE, ["sleep", "1000"], name="claimant", ports={"80/tcp": 8081}, restart_policy={"Name": "always"}
    )
    with pytest.raises(Exception, match="address already in use"):
        claimant.start()
    calm.says(
        "DockernetPortTaken",
        "claimant",
        INSTANCE,
        "8081/tcp",
        "squatter",
    )
    squatter.remove(force=True)
    claimant.remove(force=True)


def test_a_flush_of_the_nat_table_names_network_and_port(calm: Town) -> None:
    calm.engine.networks.create("shop")
    calm.run("web", network="shop", ports={"80/tcp": 8080})
    saved = calm.host.run("iptables-save", "-t", "nat").stdout
    calm.is_calm()
    calm.host.run("iptables", "-t", "nat", "-F")
    calm.says(
        "DockernetMasqueradeMissing",
        "shop",
        INSTANCE,
    )
    calm.says(
        "DockernetDnatMissing",
        "8080/tcp",
        INSTANCE,
        "web",
    )
    calm.host.run("iptables-restore", stdin=saved)


def test_a_published_port_whose_proxy_died_is_told(calm: Town) -> None:
    web = calm.run("web", ports={"80/tcp": 8082})
    calm.is_calm()
    sockets = calm.host.run("ss", "-Hlntp", "sport = :8082").stdout
    for pid in set(re.findall(r'"docker-proxy",pid=(\d+)', sockets)):
        kill(int(pid), signal.SIGKILL)
    calm.says(
        "DockernetPublishedPortUnheld",
        "8082/tcp",
        INSTANCE,
        "web",
    )
    web.restart()
