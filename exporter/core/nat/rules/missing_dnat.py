"""A published port of a running container has no DNAT rule, as after a firewall's reload or a flush.

Where docker-proxy holds the port it is still served, but the container sees the proxy's address in place of the
client's, and the rules of INPUT apply.

Guard: another rule that forwards the port to its container is sufficient.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.nat.context import NatContext, is_loopback
from exporter.core.nat.drift import drift, of_binding, written
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.walk.rule_text import decided_by

KIND = "missing_dnat"
PROXIED = "docker-proxy serves it"


def check(context: NatContext) -> Iterator[Finding]:
    """Find the ports that nothing in the entry chain translates, not even perhaps."""
    for binding, hits in context.entries:
        if not hits and not _has_other_rule(context, binding):
            consequence = _consequence(context, binding)
            detail = f"{written(binding)} of {binding.container} has no DNAT rule: {consequence or 'it is unreachable'}"
            severity = WARNING if consequence.startswith(PROXIED) else CRITICAL
            yield drift(KIND, severity, of_binding(binding, context.layout.entry), detail)


def _has_other_rule(context: NatContext, binding: ExpectedBinding) -> bool:
    """Whether a rule outside the entry chain forwards the port to its container."""
    return not is_loopback(binding) and any(map(binding.is_served_by, context.way(binding).arrival.translations))


def _consequence(context: NatContext, binding: ExpectedBinding) -> str:
    if not context.serves(binding):
        return ""
    end = None if is_loopback(binding) else context.way(binding).end
    if end is not None:
        return f"packets to docker-proxy are dropped by {decided_by(end)}"
    return f"{PROXIED}, without the client's address"
