"""Containers that failed, or that were restarted recently after a failure, and the logs of their last life."""

from msgspec.structs import replace

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.kernel_sample import Degraded

RESTARTING = "restarting"
# Seconds after a restart for which the failure of the last life counts, unless the container listens meanwhile: a JVM
# needs 40 to its first bind, and one that runs for ten minutes without a listener has none.
SETTLE_SECONDS = 600.0
# The engine writes down a start when the process has begun already, and what it does first is older than that. Its life
# before ended earlier still: the engine waits a tenth of a second before it restarts, and needs another to do so.
WRITTEN_LATE = 0.2
CREATED = "created"
START_SECONDS = 30.0  # after the creation: `docker run` starts at once


def failed(container: Container) -> bool:
    """Whether it ended with an error, or waits to be started again."""
    details = container.details
    return not container.live and (container.state == RESTARTING or (details is not None and details.exit_code != 0))


def is_recent(moment: float, seconds: float, now: float) -> bool:
    """Whether something was less than so many seconds ago; both times are Unix times.

    One that is further ahead was read of a clock that was set back since: it is not recent.
    """
    return abs(now - moment) < seconds


def recently_started(container: Container, now: float) -> bool:
    """Whether the engine has restarted it a moment ago; `now` is Unix time."""
    details = container.details
    if not container.live or details is None:
        return False
    return details.restart_count > 0 and is_recent(details.started, SETTLE_SECONDS, now)


def with_previous_log(known: Container | None, inspected: Container) -> Container:
    """Return the container as inspected, with the log evidence of its last life while the engine restarts it."""
    before, details = known.details if known else None, inspected.details
    if before is None or before.log is None or details is None or details.log is not None:
        return inspected
    if not (inspected.live and details.restart_count):
        return inspected
    return replace(inspected, details=replace(details, log=before.log))


def with_waiting(known: Container | None, inspected: Container, now: float) -> Container:
    """Return the container as inspected at a Unix time, marked where it has been created and was not started."""
    details = inspected.details
    if details is None or inspected.state != CREATED:
        return inspected
    unstarted = not details.error and not is_recent(inspected.created, START_SECONDS, now)
    waited = unstarted or (known is not None and known.details is not None and known.details.waited)
    return replace(inspected, details=replace(details, waited=waited)) if waited else inspected


def unreadable_logs(inventory: Inventory) -> tuple[Degraded, ...]:
    """Return the containers whose logs cannot be read, although they might name a port."""
    found = {c.name: c.details.log.unreadable for c in inventory.containers.values() if c.details and c.details.log}
    whose = [f"{name} ({why})" for name, why in sorted(found.items()) if why]
    if not whose:
        return ()
    detail = f"use a log driver that can be read: it is unknown whether these failed to bind a port: {', '.join(whose)}"
    return (Degraded("container_logs", "unreadable", detail),)
