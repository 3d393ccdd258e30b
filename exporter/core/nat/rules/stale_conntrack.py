"""A UDP flow to a published port is stuck in the connection table: it leads to the host, or to nobody's address.

It lives as long as the client goes on sending, and no rule is asked for it again.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import drift, of_binding, written

KIND = "stale_conntrack"


def check(context: NatContext) -> Iterator[Finding]:
    """Tell each port once."""
    stuck = {(flow.protocol, flow.host_port): flow.leads_to for flow in context.stuck}
    for binding, hits in context.entries:
        leads_to = stuck.get((binding.protocol, binding.host_port))
        if hits and leads_to is not None:
            detail = f"a client of {written(binding)} of {binding.container} is stuck with {leads_to}"
            yield drift(KIND, WARNING, of_binding(binding, ""), detail)
