"""A local network has under a tenth, and fewer than eight, of its addresses left: starts will fail soon.

Guard: subnets of one IP version count together, for Docker takes from any of them; of an overlay one node knows only
its own part, so it is never among the uses.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.address_use import SubnetUse

KIND = "addresses_low"
FEW = 8
SHARE = 0.1


def check(context: NetworkContext) -> Iterator[Finding]:
    """Sum each network's subnets, and judge the sum."""
    groups: dict[tuple[str, int], list[SubnetUse]] = {}
    for use in context.addresses:
        groups.setdefault((use.network, use.version), []).append(use)
    for (network, _), uses in groups.items():
        available = sum(use.available for use in uses)
        capacity = sum(use.capacity for use in uses)
        if available < FEW and available < SHARE * capacity:
            subnets = ", ".join(use.subnet for use in uses)
            detail = f"{available} of {capacity} addresses of network {network} ({subnets}) are left"
            yield finding(KIND, WARNING, network, uses[0].subnet, detail)
