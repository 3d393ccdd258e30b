"""A port is published, and nothing in the container's network namespace listens on its target port.

Guard: the container has run for a minute; listeners of containers that share its namespace count; rows of over four
ports are skipped.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import Finding
from exporter.core.ports.context import PortContext
from exporter.core.ports.unserved import UNSERVED, lead, report, unserved_ports

KIND = UNSERVED


def check(context: PortContext) -> Iterator[Finding]:
    """Report each port once."""
    for found in unserved_ports(context, KIND):
        yield report(context, found, f"{lead(found)}, where nothing listens")
