"""A published port of a running container has no DNAT rule, as after a firewall's reload or a flush.

Where docker-proxy holds the port it is still served, but the container sees the proxy's address in place of the
client's, and the rules of INPUT apply.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import drift, of_binding, written

KIND = "missing_dnat"


def check(context: NatContext) -> Iterator[Finding]:
    """Find the ports that nothing in the entry chain translates, not even perhaps."""
    for binding, hits in context.entries:
        if not hits:
            served = context.serves(binding)
            consequence = "docker-proxy serves it, clients' addresses are lost" if served else "nobody reaches it"
            detail = f"{written(binding)} of {binding.container} has no DNAT rule: {consequence}"
            severity = WARNING if served else CRITICAL
            yield drift(KIND, severity, of_binding(binding, context.layout.entry), detail)
