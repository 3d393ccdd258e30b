"""A second DNAT rule matches the very same packets and leads to the same place: somebody restored rules twice."""

from collections import Counter
from collections.abc import Iterator

from exporter.core.findings.finding import WARNING
from exporter.core.nat.context import NatScene
from exporter.core.nat.drift import NatDrift, of_binding, written
from exporter.core.nat.ruleset import Rule

KIND = "duplicate_dnat"


def check(scene: NatScene) -> Iterator[NatDrift]:
    """Compare the conditions of what translates one port; their order says nothing."""
    for binding, hits in scene.entries:
        counts = Counter(_what(rule) for rule, _ in hits)
        if any(count > 1 for count in counts.values()):
            detail = f"{written(binding)} of {binding.container} has the same DNAT rule {max(counts.values())} times"
            yield NatDrift(KIND, WARNING, of_binding(binding, scene.layout.entry), detail)


def _what(rule: Rule) -> tuple[object, ...]:
    return frozenset(rule.conditions), rule.address, rule.port
