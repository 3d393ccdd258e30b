"""A container is down because a host port that it publishes was in use when it started.

It stays so when the holder has left: Docker does not try again, whatever the restart policy.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext
from exporter.core.ports.failed_starts import failed_starts, restarts
from exporter.core.ports.listen_address import UNKNOWN_OWNER, described
from exporter.core.ports.start_error import IN_USE

KIND = "start_failed"


def check(context: PortContext) -> Iterator[Finding]:
    """Report them; critical where a restart policy says that somebody counts on it."""
    for start in failed_starts(context):
        if start.reason != IN_USE:
            continue
        name, place, holder = start.container.name, start.place, start.holder
        severity = CRITICAL if restarts(start.container) else WARNING
        if holder == UNKNOWN_OWNER:
            why = f"{place} was in use when it started, and Docker does not try again"
        else:
            why = f"{place} is held by {described(holder)}"
        yield conflict(context, KIND, place, name, severity, f"{name} did not start: {why}", holder=holder)
