"""Paths of ports that Swarm services publish on every node: a DNAT rule, the ingress sandbox, IPVS, a task."""

from collections.abc import Iterable, Iterator

from exporter.core.explain.path import DNAT, FAILED, IPVS, LISTENER, OK, PUBLISHED, UNKNOWN, Path, Step
from exporter.core.model.mesh import MeshPort, listed
from exporter.core.model.sockets import SERVICE
from exporter.core.nat.redirects import Redirect
from exporter.core.observation import Observation
from exporter.core.ports.listen_address import EVERY_ADDRESS


def mesh_ports(observation: Observation, text: str, port: int = 0) -> list[MeshPort]:
    """Return the ports of a service by its name, of the service of a task by the task's, or of a number."""
    return [
        one
        for one in observation.topology.inventory.mesh_ports
        if one.host_port == port or text == one.service or text in {task.name for task in one.tasks}
    ]


def mesh_paths(observation: Observation, ports: Iterable[MeshPort], protocol: str = "") -> Iterator[Path]:
    """Yield a path for each port and each protocol that a rule takes; the engine does not report the protocol."""
    redirects = observation.nat.redirects if observation.nat else None
    for port in ports:
        rules = [one for one in redirects or () if one.target.kind == SERVICE and one.host_port == port.host_port]
        rules = [one for one in rules if protocol in ("", one.protocol)]
        for known in dict.fromkeys(one.protocol for one in rules) or (protocol,):
            steps = (*_published(port), _led(redirects, rules), *_balanced(port, observation.real_servers))
            addresses = (EVERY_ADDRESS,) if known else ()
            yield Path(known, addresses, port.host_port, "", port.container_port, steps)


def _published(port: MeshPort) -> Iterator[Step]:
    detail = f"service {port.service} publishes port {port.host_port} on every node of the Swarm"
    if not port.tasks:
        yield Step(PUBLISHED, FAILED, f"{detail}, and has no running task", "service_without_task")
    else:
        yield Step(PUBLISHED, OK, f"{detail}, for port {port.container_port} of {listed(port.tasks)}")


def _led(redirects: Iterable[Redirect] | None, rules: list[Redirect]) -> Step:
    if redirects is None:
        return Step(DNAT, UNKNOWN, "the firewall rules of the host could not be read", "rules_unknown")
    if not rules:
        return Step(DNAT, FAILED, "no DNAT rule sends it to the ingress sandbox of this node", "mesh_rule_missing")
    return Step(DNAT, OK, "a DNAT rule sends it to the ingress sandbox of this node")


def _balanced(port: MeshPort, real_servers: frozenset[str] | None) -> Iterator[Step]:
    """IPVS is in the ingress sandbox, which no process of a container is in.

    The list of tasks may be a minute old: tasks that are not in it may have replaced those that are.
    """
    if not port.tasks:
        return
    if real_servers is None:
        detail = "IPVS in the ingress sandbox distributes it to the tasks: whether one answers is not known here"
        yield Step(LISTENER, UNKNOWN, detail, "target_unknown")
        return
    yield _distributed(port, real_servers)
    if real_servers:
        yield Step(LISTENER, UNKNOWN, "whether one of the tasks answers is not known here", "target_unknown")


def _distributed(port: MeshPort, real_servers: frozenset[str]) -> Step:
    where = "IPVS in the ingress sandbox distributes"
    if not real_servers:
        return Step(IPVS, FAILED, f"{where} to no task of any service", "mesh_task_missing")
    served = [task for task in port.tasks if task.address in real_servers]
    left_out = [task for task in port.tasks if task not in served]
    if not served:
        return Step(IPVS, UNKNOWN, f"{where} to none of the tasks that are known here", "target_unknown")
    but = f", and not to {listed(left_out)}" if left_out else ""
    return Step(IPVS, OK, f"{where} it to {listed(served)}{but}")
