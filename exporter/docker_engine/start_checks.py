"""When containers that may have failed to start are inspected again: Docker 29 reports a refused start by no event."""

from collections.abc import Sequence

from exporter.core.model.docker import Container, Inventory
from exporter.core.ports.failed_starts import restarts

CREATED = "created"


class StartChecks:
    """Containers by the times at which they are due. Not thread-safe.

    After each event of a container it is inspected again at the given delays in seconds, as long as its next start may
    be refused.
    """

    def __init__(self, delays: Sequence[float]) -> None:
        self._delays = tuple(delays)
        self._due: dict[str, list[float]] = {}

    def schedule(self, container_id: str, now: float) -> None:
        """Begin anew; `now` is in seconds from any origin and never decreases."""
        self._due[container_id] = [now + delay for delay in self._delays]

    def scheduled(self) -> bool:
        """Whether any is to be inspected later."""
        return bool(self._due)

    def take(self, inventory: Inventory, now: float) -> list[str]:
        """Return the ids of containers that are due."""
        due = [container_id for container_id, times in self._due.items() if times[0] <= now]
        found = []
        for container_id in due:
            later = [at for at in self._due.pop(container_id) if at > now]
            container = inventory.containers.get(container_id)
            if container is not None and not may_start(container):
                continue
            if container is not None:
                found.append(container_id)
            if later:  # one that is not known yet is being inspected
                self._due[container_id] = later
        return found


def may_start(container: Container) -> bool:
    """Whether a container does not run, and its next start may be refused: a port, a network, an owner is gone.

    One that ended, publishes no port and has no restart policy is left alone: a host may have thousands of them.
    """
    if container.live or container.details is None:
        return not container.live
    return bool(container.details.bindings) or container.state == CREATED or restarts(container)
