"""What the exporter must say of a host with Podman, idle and serving a port: the same on each kind of host."""

import json
from subprocess import CompletedProcess
from typing import Any, Protocol

from tests.support.live.exposed import Metrics
from tests.support.waiting import until

PORT = 8080
PLAIN, WEB, NETWORK = "plain", "web", "shopnet"
HTTPD = ("sh", "-c", "mkdir /www; echo hi >/www/index.html; exec httpd -f -p 80 -h /www")
NAT_KINDS = {"missing_dnat", "wrong_dnat", "forward_drop", "missing_masquerade", "isolation_lost"}
COUNTED = ("receive_bytes", "transmit_bytes", "receive_packets", "transmit_packets")


class PodmanHost(Protocol):
    """A host on which PLAIN is on the default network, and WEB on NETWORK with port 80 published at PORT."""

    @property
    def version(self) -> str:
        """Podman's."""

    @property
    def seconds(self) -> float:
        """How long anything may take there."""

    def command(self, *words: str) -> CompletedProcess[str]:
        """Run a command of the exporter on Podman's socket."""

    def get(self, path: str) -> str:
        """The body of a path of the running exporter."""

    def metrics(self) -> Metrics:
        """Scrape it."""

    def counters(self, name: str) -> dict[str, float | None]:
        """The counters of eth0 in a container."""

    def address(self, name: str, network: str) -> str:
        """The IPv4 address of a container."""

    def connect(self, times: int) -> None:
        """Connect to PORT of the host."""

    def fetched(self, name: str, url: str) -> str:
        """What a container gets from a URL."""


def asked(host: PodmanHost, path: str) -> Any:
    """The document at a path of the exporter."""
    return json.loads(host.get(path))


def idle_host_is_read_whole_but_for_the_rules_of_netavark(host: PodmanHost) -> None:
    """Podman makes a network's bridge with the first container: that there is none is no other namespace."""
    done = host.command("check", "--output", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["findings"]) == (3, [])
    assert {one for inputs in told["kinds_not_evaluated"].values() for one in inputs} == {"podman_rules"}
    assert told["kinds_not_evaluated"].keys() >= NAT_KINDS


def port_is_known(host: PodmanHost) -> None:
    """Wait until the exporter has read the containers."""
    until(lambda: host.metrics().series("dockernet_published_port_info"), host.seconds, "the published port")


def serving_host_has_its_bridges_containers_and_ports(host: PodmanHost) -> None:
    """Bridges by their real names, endpoints, the published port and who holds it."""
    metrics = host.metrics()
    assert metrics.names("dockernet_network_info", "bridge") == {"podman0", "podman1"}
    endpoints = [(one["container"], one["network"]) for one, _ in metrics.series("dockernet_endpoint_info")]
    assert sorted(endpoints) == [(PLAIN, "podman"), (WEB, NETWORK)]
    [(port, _)] = metrics.series("dockernet_published_port_info")
    assert (port["container"], port["host_port"], port["container_port"]) == (WEB, str(PORT), "80")
    [(owner, _)] = metrics.series("dockernet_host_listener_info", port=str(PORT))
    assert (owner["owner_kind"], owner["owner"]) == ("engine", WEB)


def traffic_is_that_inside_the_container(host: PodmanHost) -> None:
    """To the byte, after three connections."""
    host.connect(3)

    def equal() -> bool:
        counted, real = host.metrics().counters("endpoint", container=WEB), host.counters(WEB)
        return all(counted[key] == real[key] for key in COUNTED) and (real["receive_packets"] or 0) >= 3

    until(equal, host.seconds, "the counters of eth0 inside")


def serving_host_has_no_findings_and_its_port_is_reachable(host: PodmanHost) -> None:
    """A connection shows that it is."""
    host.connect(1)

    def judged() -> Any:
        told = asked(host, "/api/v1/findings")
        return told if not told["pending"] and set(told["unseen"]) == {"podman_rules"} else None

    told = until(judged, host.seconds, "everything but netavark's rules read and judged")
    assert told["findings"] == []
    assert told["unseen"]["podman_rules"].startswith("Podman's")

    def explained() -> Any:
        answer = asked(host, f"/api/v1/explain?what={PORT}")
        return answer if answer["verdict"] == "reachable" else None

    answer = until(explained, host.seconds, "an answer in which every step was read")
    assert len(answer["paths"]) == 1
    assert "Docker" not in json.dumps(answer)


def engine_and_its_bridges_are_in_the_topology(host: PodmanHost) -> None:
    """By the name and version of the engine."""
    told = host.command("topology").stdout
    assert f"(Podman {host.version})" in told
    assert "bridge podman1" in told
    assert f"{WEB}: eth0" in told


def names_are_not_those_of_dockers_resolver(host: PodmanHost) -> None:
    """A name that /etc/hosts does not have is undetermined; a container reaches the address."""
    address = host.address(WEB, NETWORK)
    told = asked(host, f"/api/v1/explain?from={PLAIN}&to={WEB}:80")
    assert (told["verdict"], told["paths"][0]["steps"][0]["code"]) == ("undetermined", "name_uncertain")
    assert host.fetched(PLAIN, f"http://{address}") == "hi\n"
    assert asked(host, f"/api/v1/explain?from={PLAIN}&to={address}:80")["verdict"] == "reachable"
