"""A port is published, and nothing in the container's network namespace listens on the port that it leads to.

Guard: the container has run for a minute; whoever shares its namespace counts; rows of over four ports are left out.
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
