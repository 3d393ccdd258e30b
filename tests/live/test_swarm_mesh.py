"""A port that a Swarm service publishes on every node: the service and its task are named."""

import json
from collections.abc import Callable
from typing import Any

import docker
import pytest

from tests.support.live.exposed import COMMAND, Exporter
from tests.support.live.shop import IMAGE
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(400)
SERVICE = "dockernet_published_port_info"


def asked(host: PrivateHost, *words: str) -> Any:
    """What a command says, as JSON."""
    done = host.run(COMMAND, "--docker.host", host.docker_url, *words, "--output", "json", check=False, timeout=120)
    return json.loads(done.stdout)


def test_the_port_of_a_service_is_explained_by_its_service_and_its_task(new_host: Callable[..., PrivateHost]) -> None:
    """Whether the engine writes the rule of the mesh depends on the kernel: it needs IPVS."""
    host = new_host().start().load_image()
    client = host.client()
    client.swarm.init(advertise_addr="192.0.2.10", listen_addr="192.0.2.10")
    endpoint = docker.types.EndpointSpec(ports={8085: 80})
    service = client.services.create(IMAGE, command=["httpd", "-f", "-p", "80"], name="svc", endpoint_spec=endpoint)
    until(lambda: [task["Status"]["State"] for task in service.tasks()] == ["running"], 120, "a task")
    task = f"svc.1.{service.tasks()[0]['ID']}"
    rules = [line for line in host.run("iptables-save", "-t", "nat").stdout.splitlines() if "--dport 8085" in line]
    with Exporter(host) as exporter:

        def named() -> bool:
            found = [labels for labels, _ in exporter.metrics().series(SERVICE) if labels.get("service")]
            return [(one["container"], one["service"], one["host_port"]) for one in found] == [(task, "svc", "8085")]

        until(named, 60, "the service's port")
    for query in ("8085", "svc", task):
        told = asked(host, "explain", query)
        [path] = told["paths"]
        assert path["steps"][0]["detail"].endswith(f"for port 80 of {task}")
        assert path["steps"][1]["state"] == ("ok" if rules else "failed")
        assert "ingress-sbox" not in json.dumps(told)
