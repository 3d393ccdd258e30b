"""A UDP flow to a published port is stuck in the connection table: it leads to the host, or to nobody's address.

It lives as long as the client goes on sending, and no rule is asked for it again.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING
from exporter.core.nat.context import NatScene
from exporter.core.nat.drift import NatDrift, of_binding, written

KIND = "stale_conntrack"


def check(scene: NatScene) -> Iterator[NatDrift]:
    """Tell each port once."""
    stuck = {(flow.protocol, flow.host_port): flow.leads_to for flow in scene.stuck}
    for binding, hits in scene.entries:
        leads_to = stuck.get((binding.protocol, binding.host_port))
        if hits and leads_to is not None:
            detail = f"a client of {written(binding)} of {binding.container} is stuck with {leads_to}"
            yield NatDrift(KIND, WARNING, of_binding(binding, ""), detail)
