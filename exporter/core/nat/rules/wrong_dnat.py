"""The first rule that matches a published port leads elsewhere than Docker says; foreign ones in PREROUTING included.

Guard: a rule of which it cannot be told whether it matches decides nothing.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL
from exporter.core.nat.context import NatScene, is_loopback, packet_to
from exporter.core.nat.drift import NatDrift, of_binding, written
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.ruleset import Rule

KIND = "wrong_dnat"
TRANSLATES = frozenset({"DNAT", "REDIRECT"})


def check(scene: NatScene) -> Iterator[NatDrift]:
    """Look in the entry chain, then along the whole way to it."""
    for binding, hits in scene.entries:
        first = hits[0][0] if hits and hits[0][1] else None
        if first is None or binding.is_served_by(first):
            first = _before(scene, binding)
        if first is not None and not binding.is_served_by(first):
            detail = f"{written(binding)} of {binding.container} is led to {_place(scene, first)} by {first.chain}"
            yield NatDrift(KIND, CRITICAL, of_binding(binding, first.chain), detail)


def _before(scene: NatScene, binding: ExpectedBinding) -> Rule | None:
    """Return the rule that translates first when the packet comes from outside."""
    place = scene.layout.nat_place(binding.family, scene.layout.prerouting)
    if is_loopback(binding) or not scene.has(place):
        return None
    rule, certain = next(scene.docker.hits(place, packet_to(binding)), (None, False))
    return rule if rule is not None and certain and rule.target in TRANSLATES else None


def _place(scene: NatScene, rule: Rule) -> str:
    if rule.target == "REDIRECT":
        return f"port {rule.port} of the host" if rule.port else "the host itself"
    owner = scene.expected.owners.get(rule.address)
    return f"{rule.address}:{rule.port} ({owner.container if owner else 'nobody'})"
