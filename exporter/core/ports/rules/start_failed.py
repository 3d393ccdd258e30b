"""A container is down because a host port that it publishes was in use when it started.

It stays down after the holder has gone: the engine does not retry, whatever the restart policy. Guard: a container that
never ran, has no restart policy and was started at once is the rest of a failed `docker run`, and a replaced container
has another replica of its service that runs: severity info; a failed task of a Swarm service with a running one is not
reported.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, Finding, Severity
from exporter.core.model.docker import Container
from exporter.core.model.service import is_task, same_service
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext
from exporter.core.ports.failed_starts import failed_start_severity, failed_starts
from exporter.core.ports.listen_address import UNKNOWN_OWNER, described
from exporter.core.ports.start_error import IN_USE

KIND = "start_failed"


def check(context: PortContext) -> Iterator[Finding]:
    """Report them; critical with a restart policy."""
    for start in failed_starts(context):
        if start.reason != IN_USE:
            continue
        name, place, holder = start.container.name, start.place, start.holder
        if is_task(start.container) and _is_replaced(context, start.container):
            continue
        severity = _severity(context, start.container)
        if holder == UNKNOWN_OWNER:
            why = f"{start.named} was in use when it started, and the engine does not retry"
        else:
            why = f"{place} is held by {described(holder)}"
        yield conflict(context, KIND, place, name, severity, f"{name} did not start: {why}", holder=holder)


def _severity(context: PortContext, container: Container) -> Severity:
    if _is_replaced(context, container):
        return INFO
    return failed_start_severity(container)


def _is_replaced(context: PortContext, container: Container) -> bool:
    """Whether another replica of its service runs."""
    return any(same_service(container, other) for other in context.containers(live=True))
