"""A UDP entry of the connection table keeps a client of a published port from its container.

It goes to the host itself, or to another address than the publisher's. It lasts while the client sends, and no rule is
evaluated for it again.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import drift, of_binding, written

KIND = "stale_conntrack"


def check(context: NatContext) -> Iterator[Finding]:
    """Report each port once."""
    stale = {(flow.protocol, flow.host_port): flow.forwarded_to for flow in context.stale}
    for binding, hits in context.entries:
        forwarded_to = stale.get((binding.protocol, binding.host_port))
        if hits and forwarded_to is not None:
            detail = f"an existing connection to {written(binding)} of {binding.container} still goes to {forwarded_to}"
            yield drift(KIND, WARNING, of_binding(binding, ""), detail)
