"""Podman of Debian 12 behind Docker's API: an idle host, and one that serves a port."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live.exposed import COMMAND, Exporter, inside
from tests.support.live.listening import connect
from tests.support.private_host.engines import PackageUnavailableError, tool
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.podman import Podman, podman
from tests.support.waiting import until

SECONDS = 60
HTTPD = ("sh", "-c", "mkdir /www; echo hi >/www/index.html; exec httpd -f -p 80 -h /www")
NAT_KINDS = {"missing_dnat", "wrong_dnat", "forward_drop", "missing_masquerade", "isolation_lost"}


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    """A service without containers."""
    if os.geteuid():
        pytest.skip("a private host needs root")
    with PrivateHost("pod") as host:
        try:
            with podman(host) as running:
                yield running
        except PackageUnavailableError as error:
            pytest.skip(f"no Podman: {error}")


@pytest.fixture(scope="module")
def web(engine: Podman) -> Any:
    """A container on a network of its own, and one on the default network; the first publishes a port."""
    engine.client.networks.create("shopnet")
    engine.run("plain", *HTTPD)
    return engine.run("web", *HTTPD, network="shopnet", ports={"80/tcp": 8080})


@pytest.fixture(scope="module")
def exporter(engine: Podman, web: Any) -> Iterator[Exporter]:
    with Exporter(engine.host, "--docker.host", engine.url) as running:
        until(lambda: running.metrics().series("dockernet_published_port_info"), SECONDS, f"the port of {web.name}")
        yield running


def asked(exporter: Exporter, path: str) -> Any:
    status, body = exporter.get(path)
    assert status == 200, body
    return json.loads(body)


def test_an_idle_host_is_read_whole_but_for_the_rules_of_netavark(engine: Podman) -> None:
    """Podman makes a network's bridge with the first container: that there is none is no other namespace."""
    done = engine.host.run(COMMAND, "--docker.host", engine.url, "check", "--output", "json", check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, told["findings"]) == (3, [])
    assert {one for inputs in told["kinds_not_evaluated"].values() for one in inputs} == {"podman_rules"}
    assert told["kinds_not_evaluated"].keys() >= NAT_KINDS


def test_a_serving_host_has_its_bridges_containers_and_ports(exporter: Exporter, web: Any) -> None:
    metrics = exporter.metrics()
    assert metrics.names("dockernet_network_info", "bridge") == {"podman0", "podman1"}
    endpoints = [(one["container"], one["network"]) for one, _ in metrics.series("dockernet_endpoint_info")]
    assert sorted(endpoints) == [("plain", "podman"), ("web", "shopnet")]
    [(port, _)] = metrics.series("dockernet_published_port_info")
    assert (port["container"], port["host_port"], port["container_port"]) == (web.name, "8080", "80")
    [(owner, _)] = metrics.series("dockernet_host_listener_info", port="8080")
    assert (owner["owner_kind"], owner["owner"]) == ("engine", web.name)


def test_traffic_is_that_inside_the_container(engine: Podman, exporter: Exporter, web: Any) -> None:
    connect(engine.host, 8080, 3)
    wanted = ("receive_bytes", "transmit_bytes", "receive_packets", "transmit_packets")

    def equal() -> bool:
        counted, real = exporter.metrics().counters("endpoint", container="web"), inside(web)["eth0"]
        return all(counted[key] == real[key] for key in wanted) and real["receive_packets"] >= 3

    until(equal, SECONDS, "the counters of eth0 inside")


def test_a_serving_host_has_no_findings_and_its_port_is_reachable(engine: Podman, exporter: Exporter) -> None:
    connect(engine.host, 8080, 1)

    def judged() -> Any:
        told = asked(exporter, "/api/v1/findings")
        return told if not told["pending"] and set(told["unseen"]) == {"podman_rules"} else None

    told = until(judged, SECONDS, "everything but netavark's rules read and judged")
    assert told["findings"] == []
    assert told["unseen"]["podman_rules"].startswith("Podman's")

    def explained() -> Any:
        answer = asked(exporter, "/api/v1/explain?what=8080")
        return answer if answer["verdict"] == "reachable" else None

    answer = until(explained, SECONDS, "an answer in which every step was read")
    assert len(answer["paths"]) == 1
    assert "Docker" not in json.dumps(answer)


def test_the_engine_and_its_bridges_are_in_the_topology(engine: Podman, web: Any) -> None:
    told = engine.host.run(COMMAND, "--docker.host", engine.url, "topology").stdout
    assert f"(Podman {engine.version})" in told
    assert "bridge podman1" in told
    assert f"{web.name}: eth0" in told


def test_names_are_not_those_of_dockers_resolver(engine: Podman, exporter: Exporter, web: Any) -> None:
    """A name that /etc/hosts does not have is undetermined; a container reaches the address."""
    address = web.attrs["NetworkSettings"]["Networks"]["shopnet"]["IPAddress"]
    told = asked(exporter, "/api/v1/explain?from=plain&to=web:80")
    assert (told["verdict"], told["paths"][0]["steps"][0]["code"]) == ("undetermined", "name_uncertain")
    pid = engine.client.containers.get("plain").attrs["State"]["Pid"]
    fetch = (str(tool("busybox")), "wget", "-qO-", f"http://{address}")
    assert engine.host.run("nsenter", "-t", str(pid), "-n", *fetch).stdout == "hi\n"
    assert asked(exporter, f"/api/v1/explain?from=plain&to={address}:80")["verdict"] == "reachable"
