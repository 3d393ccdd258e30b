"""A container is down because it publishes a port on an address that the host does not have."""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext
from exporter.core.ports.failed_starts import failed_starts, restarts
from exporter.core.ports.start_error import NOT_LOCAL

KIND = "address_unavailable"


def check(context: PortContext) -> Iterator[Finding]:
    """Report them; critical with a restart policy."""
    for start in failed_starts(context):
        if start.reason == NOT_LOCAL:
            name, place = start.container.name, start.place
            severity = CRITICAL if restarts(start.container) else WARNING
            detail = f"{name} did not start: it publishes {start.named}, and the host had no such address"
            yield conflict(context, KIND, place, name, severity, detail)
