"""The service that a container is a replica of, by the labels of Docker Compose and Swarm."""

from collections.abc import Iterable

from exporter.core.model.docker import Container

COMPOSE_PROJECT, COMPOSE_SERVICE = "com.docker.compose.project", "com.docker.compose.service"
SWARM_SERVICE, SWARM_TASK = "com.docker.swarm.service.id", "com.docker.swarm.task.id"


def service_of(container: Container) -> tuple[str, str]:
    """Return (project, service), ('', Swarm service id), or ('', '') for a container of none."""
    labels = container.labels
    if service := labels.get(SWARM_SERVICE):
        return "", service
    if service := labels.get(COMPOSE_SERVICE):
        return labels.get(COMPOSE_PROJECT, ""), service
    return "", ""


def same_service(one: Container, other: Container) -> bool:
    """Whether both are replicas of one service."""
    return service_of(one) == service_of(other) != ("", "")


def is_task(container: Container) -> bool:
    """Whether it is a task of a Swarm service: Swarm replaces a failed one and never starts it again."""
    return SWARM_TASK in container.labels


def replaced_tasks(containers: Iterable[Container]) -> frozenset[str]:
    """Return the ids of the tasks with a newer task of their service: Swarm starts no other one."""
    tasks = sorted((c for c in containers if is_task(c)), key=lambda container: container.created)
    newest = {service_of(container): container.id for container in tasks}
    return frozenset(container.id for container in tasks if newest[service_of(container)] != container.id)
