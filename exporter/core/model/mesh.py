"""Ports that Swarm services publish on every node: the routing mesh."""

from collections.abc import Iterable

from msgspec import Struct


class Task(Struct, frozen=True):
    """A running task of a service; `node` is the address of the node that it runs on, '' for this one.

    `address` is its own on the ingress network.
    """

    name: str
    node: str = ""
    address: str = ""


class MeshPort(Struct, frozen=True):
    """A published port (Engine API: GET /networks/ID?verbose=true of the ingress network, Services).

    The engine does not report its protocol there. `container_port` is that of the tasks.
    """

    service: str
    host_port: int
    container_port: int
    tasks: tuple[Task, ...] = ()

    def __str__(self) -> str:
        """`service web:80`."""
        return f"service {self.service}:{self.container_port}"


def listed(tasks: Iterable[Task]) -> str:
    """Name tasks within a sentence, with the nodes of those elsewhere."""
    return ", ".join(f"{task.name} on {task.node}" if task.node else task.name for task in tasks)
