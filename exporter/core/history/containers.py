"""Lives of containers: started, died, renamed, paused, and their places on networks.

A container that a list shows in a new state has no details until it is inspected; it is compared then, because its exit
code is one of them. What is implied is not listed: a start connects to networks, and an end disconnects from them.
"""

from collections.abc import Iterator

from exporter.core.history.change import (
    CONTAINER_DIED,
    CONTAINER_PAUSED,
    CONTAINER_RENAMED,
    CONTAINER_STARTED,
    CONTAINER_UNPAUSED,
    Change,
    cut,
    joined,
)
from exporter.core.history.endpoints import EndpointChanges
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container, Exit, Inventory

# Exit codes of a shell and of Docker for a process that a signal ended: 128 + its number (signal(7)).
SIGNALS = {129: "SIGHUP", 130: "SIGINT", 131: "SIGQUIT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"}
RUNNING, PAUSED, REMOVED, UNKNOWN_EXIT = "running", "paused", "removed", "exit code unknown"
NO_DETAILS = Details()
# Docker waits 100 ms before it starts a container again; the event of a start may follow the end of a shorter life.
START_SECONDS = 0.1


class ContainerChanges:
    """Compares each container with what it was. Not thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, Container] | None = None
        self._endpoints = EndpointChanges()

    def update(self, inventory: Inventory) -> Iterator[Change]:
        """Yield what changed since the last inventory; the first one is the beginning."""
        containers = inventory.containers
        if self._known is None:
            self._known = dict(containers)
            self._endpoints.remember(containers.values())
            return
        known = self._known
        for container in [c for key, c in known.items() if key not in containers]:
            yield from _removed(container, inventory.exits.get(container.id))
            del known[container.id]
            self._endpoints.forget(container.id)
        for container in containers.values():
            before = known.get(container.id)
            if before is container or container.details is None:
                continue
            known[container.id] = container
            yield from _lives(before, container, inventory.exits.get(container.id))
            yield from self._endpoints.compare(before, container)


def _lives(before: Container | None, after: Container, exited: Exit | None) -> Iterator[Change]:
    details, old = after.details or NO_DETAILS, (before.details or NO_DETAILS) if before else NO_DETAILS
    was_live, state = (before.live, before.state) if before else (False, "")
    if before is not None and before.name != after.name:
        yield Change(
            CONTAINER_RENAMED, after.name, before.name, after.name, container=after.name, container_id=after.id
        )
    if before is not None and was_live and after.live and (state == PAUSED) != (after.state == PAUSED):
        yield _paused(before, after)
    restarted = details.started != old.started and (before is None or bool(before.details))
    again = was_live and after.live and restarted
    if again:
        yield _died(after, _exit(exited, old.started), details.finished)
    if (after.live and (not was_live or again)) or (not was_live and not after.live and restarted):
        yield _started(after, state if not again else "exited")
    if not after.live and (was_live or restarted):
        yield _died(after, _exit_text(details), details.finished)


def _paused(before: Container, after: Container) -> Change:
    kind, name = CONTAINER_PAUSED if after.state == PAUSED else CONTAINER_UNPAUSED, after.name
    return Change(kind, name, before.state, after.state, container=name, container_id=after.id)


def _removed(container: Container, exited: Exit | None) -> Iterator[Change]:
    """A container that is gone: its end, and the start of a life too short for an inspect."""
    details = container.details or NO_DETAILS
    began = max(details.started, container.created)
    if container.live:
        yield _died(container, _exit(exited, began), exited.at if exited else 0.0, REMOVED)
    elif exited is not None and exited.began > details.finished + START_SECONDS:
        yield _started(container, container.state)
        yield _died(container, _exit(exited, began), exited.at, REMOVED)


def _started(container: Container, state: str) -> Change:
    places = [f"{e.network} {e.ip_address or e.ip6_address}".strip() for e in container.endpoints]
    return Change(
        CONTAINER_STARTED,
        container.name,
        state,
        RUNNING,
        container.details.started if container.details else 0.0,
        container=container.name,
        container_id=container.id,
        detail=joined(places),
    )


def _died(container: Container, exit_text: str, at: float, state: str = "") -> Change:
    details = container.details or NO_DETAILS
    reasons = ["out of memory"] if details.oom_killed else []
    reasons += [cut(details.error)] if details.error else []
    reasons += [f"restart policy {details.restart_policy}"] if container.state == "restarting" else []
    reasons += [state] if state else []
    return Change(
        CONTAINER_DIED,
        container.name,
        RUNNING,
        exit_text,
        at,
        container=container.name,
        container_id=container.id,
        detail=", ".join(reasons),
    )


def _exit(exited: Exit | None, since: float) -> str:
    """The exit code of the event, if it is of the life that began then."""
    return _code(exited.code) if exited is not None and exited.at >= since else UNKNOWN_EXIT


def _exit_text(details: Details) -> str:
    return _code(details.exit_code)


def _code(code: int) -> str:
    return f"exit code {code} ({SIGNALS[code]})" if code in SIGNALS else f"exit code {code}"
