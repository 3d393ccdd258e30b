"""Nothing has connected to a published TCP port for seven days.

Guard: where a connection may have been missed the days begin again, with the exporter's start, too. Connections over
loopback inside the container are none to the published port.
"""

from collections.abc import Iterator

from exporter.core.connections.context import ConnectionContext
from exporter.core.findings.finding import INFO, Finding
from exporter.core.network.context import finding

KIND = "port_unused"
UNUSED_SECONDS = 7 * 86400.0


def check(context: ConnectionContext) -> Iterator[Finding]:
    """Compare the time of each published port with the limit."""
    for port, since in context.unused_since.items():
        if context.now - since >= UNUSED_SECONDS:
            detail = f"nothing has connected to port tcp/{port.host_port} of {port.container} for seven days"
            yield finding(KIND, INFO, "", f"{port.container}:{port.host_port}", detail, key=port)
