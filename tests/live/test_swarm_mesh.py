"""A port that a Swarm service publishes on every node: the service and its task are named."""

import json
from collections.abc import Callable
from typing import Any

import docker
import pytest

from tests.support.kernel.tcp_traffic import connected, exchange, fails, listening
from tests.support.live.connection_lab import address_of, pid_of
from tests.support.live.exposed import COMMAND, Exporter
from tests.support.live.shop import IMAGE, run
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(400)
SERVICE = "dockernet_published_port_info"


def asked(host: PrivateHost, *words: str) -> Any:
    """What a command says, as JSON."""
    done = host.run(COMMAND, "--docker.host", host.docker_url, *words, "--output", "json", check=False, timeout=120)
    return json.loads(done.stdout)


def connects_by_its_names(host: PrivateHost, exporter: Exporter, task: str) -> None:
    """A container of the overlay connects to the task, and to the service's virtual address, which needs IPVS."""
    client = host.client()
    overlay = client.networks.get("over")
    asker, server = run(host, "asker", "over"), client.containers.get(task)
    [service] = client.services.list(filters={"name": "svc"})
    addresses = {found["NetworkID"]: found["Addr"] for found in service.attrs["Endpoint"]["VirtualIPs"]}
    virtual = addresses[overlay.id].partition("/")[0]
    until(lambda: exporter.metrics().series("dockernet_container_info", container="asker"), 60, "the client")
    with listening(pid_of(server), address_of(server, "over"), 5432) as sock:
        for _ in range(5):
            with connected(pid_of(asker), sock, address_of(server, "over")) as ends:
                exchange(*ends, 100, 10)
    fails(pid_of(asker), virtual, 5433, seconds=0.1)

    def counted() -> bool:
        found = exporter.metrics()
        to_task = found.series("dockernet_connections_established_total", container="asker", peer=task, port="5432")
        to_service = found.series("dockernet_connections_failed_total", container="asker", peer="svc", port="5433")
        kinds = [labels["peer_kind"] for labels, _ in (*to_task, *to_service)]
        return kinds == ["container", "service"] and to_task[0][1] == 5

    until(counted, 60, "connections to the task and to the service")


def test_the_port_of_a_service_is_explained_by_its_service_and_its_task(new_host: Callable[..., PrivateHost]) -> None:
    """Whether the engine writes the rule of the mesh depends on the kernel: it needs IPVS."""
    host = new_host().start().load_image()
    client = host.client()
    client.swarm.init(advertise_addr="192.0.2.10", listen_addr="192.0.2.10")
    client.networks.create("over", driver="overlay", attachable=True)
    endpoint = docker.types.EndpointSpec(ports={8085: 80})
    command = ["httpd", "-f", "-p", "80"]
    service = client.services.create(IMAGE, command=command, name="svc", endpoint_spec=endpoint, networks=["over"])
    until(lambda: [task["Status"]["State"] for task in service.tasks()] == ["running"], 120, "a task")
    task = f"svc.1.{service.tasks()[0]['ID']}"
    rules = [line for line in host.run("iptables-save", "-t", "nat").stdout.splitlines() if "--dport 8085" in line]
    with Exporter(host) as exporter:

        def named() -> bool:
            found = [labels for labels, _ in exporter.metrics().series(SERVICE) if labels.get("service")]
            return [(one["container"], one["service"], one["host_port"]) for one in found] == [(task, "svc", "8085")]

        until(named, 60, "the service's port")
        connects_by_its_names(host, exporter, task)
    for query in ("8085", "svc", task):
        told = asked(host, "explain", query)
        [path] = told["paths"]
        assert path["steps"][0]["detail"].endswith(f"for port 80 of {task}")
        assert path["steps"][1]["state"] == ("ok" if rules else "failed")
        assert "ingress-sbox" not in json.dumps(told)
