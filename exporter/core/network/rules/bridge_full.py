"""Over nine tenths of a bridge's ports are in use: the kernel takes 1023, and the next container fails to start.

Guard: every port counts, Docker's or not, for the kernel counts them all.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.network.context import NetworkContext, finding

KIND = "bridge_full"
MOST_PORTS = 1023  # BR_PORT_BITS 10, and port 0 is none (net/bridge/br_private.h)
SHARE = 0.9


def check(context: NetworkContext) -> Iterator[Finding]:
    """Compare each bridge's ports with the kernel's limit."""
    for bridge in context.topology.bridges:
        if bridge.ports > SHARE * MOST_PORTS:
            detail = f"{bridge.link.name} of network {bridge.network.name} has {bridge.ports} of {MOST_PORTS} ports"
            yield finding(KIND, WARNING, bridge.network.name, bridge.link.name, detail)
