"""A base chain of any table and hook on the way drops a published port's packets, a network's way out, or the answers.

Guard: the policy DROP alone is normal, Docker's rules accept before it. What an operator drops in DOCKER-USER is meant:
info. What drops some clients only, and not those on the uplink's own network, is the operator's choice.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from exporter.core.findings.finding import CRITICAL, INFO, Finding
from exporter.core.nat.context import NatContext, is_loopback
from exporter.core.nat.drift import Subject, drift, of_binding, written
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.ruleset import NAT
from exporter.core.nat.walk.outcome import Decision
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import Way

KIND = "forward_drop"
OPEN_MODES = frozenset({"nat", "nat-unprotected", "routed"})


def check(context: NatContext) -> Iterator[Finding]:
    """Walk each network's way out and each published port, and the answers."""
    for network in context.expected.networks:
        if network.mode in OPEN_MODES and network.populated and network.family in context.families:
            out = context.way_out(network)
            if (end := out.end) is not None:
                name = network.network.name
                subject = Subject(family=network.family, chain=end.place[2], network=name)
                what = "answers to" if out.drops_answers else "outgoing packets of"
                yield _drift(context, end, subject, f"{what} network {name} are dropped by {decided_by(end)}")
    for binding, hits in context.entries:
        forwarded = any(map(binding.is_served_by, hits))
        way = context.way(binding) if forwarded and not is_loopback(binding) else None
        if way is not None and way.end is not None and not is_unreachable(context, way.end):
            yield _drift(context, way.end, of_binding(binding, way.end.place[2]), dropped_text(binding, way, way.end))


def dropped_text(binding: ExpectedBinding, way: Way, end: Decision) -> str:
    """Say which packets of a published port `end` drops."""
    what = "answers of" if way.drops_answers else "packets to"
    return f"{what} {written(binding)} of {binding.container} are dropped by {decided_by(end)}"


def is_unreachable(context: NatContext, end: Decision) -> bool:
    """Whether the engine's own nat table drops it: the rules behind that are unreachable."""
    base = context.docker.ruleset.bases.get(end.base)
    return base is not None and base.kind == NAT


def _drift(context: NatContext, end: Decision, subject: Subject, detail: str) -> Finding:
    severity = INFO if context.is_meant(end) else CRITICAL
    return drift(KIND, severity, subject, detail, key=replace(subject, chain=""))
