"""A local network has under a tenth, and fewer than eight, of its addresses left: starts will fail soon.

Guard: subnets of one IP version count together, for Docker assigns from any of them; one node has only its own part
of an overlay, so overlays are not among the uses. A range of one or two addresses is meant to fill up: severity info.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, WARNING, Finding
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.address_use import SubnetUse

KIND = "addresses_low"
FEW = 8
SHARE = 0.1
FULL_BY_INTENT = 2


def check(context: NetworkContext) -> Iterator[Finding]:
    """Compare the sum of each network's subnets with the limits."""
    groups: dict[tuple[str, int], list[SubnetUse]] = {}
    for use in context.addresses:
        groups.setdefault((use.network, use.version), []).append(use)
    for (network, _), uses in groups.items():
        available = sum(use.available for use in uses)
        capacity = sum(use.capacity for use in uses)
        if available < FEW and available < SHARE * capacity:
            subnets = ", ".join(use.assigned for use in uses)
            detail = f"{available} of {capacity} addresses of network {network} ({subnets}) are left"
            severity = INFO if capacity <= FULL_BY_INTENT else WARNING
            yield finding(KIND, severity, network, uses[0].assigned, detail)
