"""A second DNAT rule matches the same packets and has the same target: rules were restored twice."""

from collections import Counter
from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import drift, of_binding, written
from exporter.core.nat.walk.walker import Hit

KIND = "duplicate_dnat"


def check(context: NatContext) -> Iterator[Finding]:
    """Compare the conditions of what translates one port; their order has no meaning."""
    for binding, hits in context.entries:
        counts = Counter(map(_what, hits))
        if any(count > 1 for count in counts.values()):
            detail = f"{written(binding)} of {binding.container} has the same DNAT rule {max(counts.values())} times"
            yield drift(KIND, WARNING, of_binding(binding, context.layout.entry), detail)


def _what(hit: Hit) -> tuple[object, ...]:
    return frozenset(hit.rule.conditions), hit.address, hit.port
