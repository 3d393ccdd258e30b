"""A container is down because a host port that it publishes was in use when it started.

It stays so when the holder has left: Docker does not try again, whatever the restart policy.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING
from exporter.core.ports.conflict import NOBODY, PortConflict, conflict, described
from exporter.core.ports.context import PortScene
from exporter.core.ports.failed_starts import failed_starts, restarts
from exporter.core.ports.start_error import IN_USE

KIND = "start_failed"


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report them; critical where a restart policy says that somebody counts on it."""
    for start in failed_starts(scene):
        if start.reason != IN_USE:
            continue
        name, place, holder = start.container.name, start.place, start.holder
        severity = CRITICAL if restarts(start.container) else WARNING
        if holder == NOBODY:
            why = f"{place} was in use when it started, and Docker does not try again"
        else:
            why = f"{place} is held by {described(holder)}"
        yield conflict(KIND, place, name, severity, f"{name} did not start: {why}", holder=holder)
