"""A Swarm of two machines: an encrypted overlay, and a service with a task on each that publishes a port of both."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.support.waiting import until
from tests.virtual_machine import containers
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import Release
from tests.virtual_machine.wire import FIRST, SECOND, two

NETWORK, SERVICE, PORT, TASK_PORT = "enc", "svc", 8085, 80
SERVE: Final = "hostname >/index.html; exec httpd -f -p 80 -h /"
INGRESS: Final = "/run/docker/netns/ingress_sbox"


@dataclass(frozen=True)
class Swarm:
    """The two nodes."""

    manager: Machine
    worker: Machine

    @property
    def nodes(self) -> tuple[Machine, Machine]:
        """Both, the manager first."""
        return self.manager, self.worker

    def tasks(self) -> dict[str, dict[str, Any]]:
        """The tasks of the service in the ingress network, as the engine lists them, by name."""
        command = ("docker", "network", "inspect", "--verbose", "ingress", "--format", "{{json .Services}}")
        services = json.loads(self.manager.run(*command).stdout)
        return {task["Name"]: task for task in services[SERVICE]["Tasks"]}


@contextmanager
def swarm(release: Release) -> Iterator[Swarm]:
    """A Swarm whose service runs on both nodes."""
    with two(release) as nodes:
        manager, worker = nodes
        manager.shell(f"docker swarm init --advertise-addr {FIRST}")
        token = manager.shell("docker swarm join-token --quiet worker")
        worker.shell(f"docker swarm join --token {token} --advertise-addr {SECOND} {FIRST}:2377")
        manager.shell(f"docker network create --driver overlay --opt encrypted --attachable {NETWORK}")
        until(lambda: ready_nodes(manager) == 2, PATIENCE_SECONDS, "two ready nodes")
        options = f"--quiet --no-resolve-image --replicas 2 --network {NETWORK} --publish {PORT}:{TASK_PORT}"
        command = f"docker service create --name {SERVICE} {options} {containers.IMAGE} sh -c '{SERVE}'"
        manager.shell(command)  # ends when both tasks run
        yield Swarm(manager, worker)


def ready_nodes(manager: Machine) -> int:
    """How many nodes of the Swarm are ready."""
    return manager.shell("docker node ls --format '{{.Status}}'").splitlines().count("Ready")


def real_servers(node: Machine) -> set[str]:
    """The addresses to which IPVS distributes in the ingress sandbox of a node, by /proc/net/ip_vs."""
    table = node.run("nsenter", f"--net={INGRESS}", "cat", "/proc/net/ip_vs").stdout
    numbers = re.findall(r"-> ([0-9A-F]{8}):", table)
    return {".".join(str(byte) for byte in bytes.fromhex(number)) for number in numbers}
