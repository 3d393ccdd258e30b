"""The first rule that matches a published port leads elsewhere than Docker says; foreign ones in PREROUTING included.

Guard: a rule of which it cannot be told whether it matches decides nothing.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.nat.context import NatContext, is_loopback, packet_to
from exporter.core.nat.drift import drift, of_binding, written
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.ruleset import Rule

KIND = "wrong_dnat"
TRANSLATES = frozenset({"DNAT", "REDIRECT"})


def check(context: NatContext) -> Iterator[Finding]:
    """Look in the entry chain, then along the whole way to it."""
    for binding, hits in context.entries:
        first = hits[0][0] if hits and hits[0][1] else None
        if first is None or binding.is_served_by(first):
            first = _before(context, binding)
        if first is not None and not binding.is_served_by(first):
            detail = f"{written(binding)} of {binding.container} is led to {_place(context, first)} by {first.chain}"
            yield drift(KIND, CRITICAL, of_binding(binding, first.chain), detail, key=of_binding(binding, ""))


def _before(context: NatContext, binding: ExpectedBinding) -> Rule | None:
    """Return the rule that translates first when the packet comes from outside."""
    place = context.layout.nat_place(binding.family, context.layout.prerouting)
    if is_loopback(binding) or not context.has(place):
        return None
    rule, certain = next(context.docker.hits(place, packet_to(binding)), (None, False))
    return rule if rule is not None and certain and rule.target in TRANSLATES else None


def _place(context: NatContext, rule: Rule) -> str:
    if rule.target == "REDIRECT":
        return f"port {rule.port} of the host" if rule.port else "the host itself"
    owner = context.expected.owners.get(rule.address)
    return f"{rule.address}:{rule.port} ({owner.container if owner else 'nobody'})"
