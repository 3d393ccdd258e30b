"""A port is published, and its server listens on the container's loopback only: it is unreachable from outside.

Guard: as for `unserved`; a socket on the container's address is fine.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import Finding
from exporter.core.ports.context import PortContext
from exporter.core.ports.unserved import LOOPBACK_ONLY, lead, report, unserved_ports

KIND = LOOPBACK_ONLY


def check(context: PortContext) -> Iterator[Finding]:
    """Report each port once."""
    for found in unserved_ports(context, KIND):
        yield report(context, found, f"{lead(found)}, which listens on its loopback only")
