"""All findings of an observation, of every group of rules, the worst first."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from exporter.core.findings.finding import CRITICAL, INFO, WARNING, Finding
from exporter.core.findings.rule import Input
from exporter.core.nat.rules import NAT_KINDS
from exporter.core.observation import PORT, Observation

# An engine that writes no rules cannot have wrong ones.
NOT_APPLICABLE = frozenset({Input.DOCKER_RULES})
ORDER = (CRITICAL, WARNING, INFO)
# Kinds that may be the effect of another finding: within a severity they stand behind it.
EFFECTS = frozenset(
    {"connect_failing", "forward_drop", "isolation_lost", "missing_dnat", "missing_masquerade", "unserved"}
)


class FindingRow(Struct, frozen=True):
    """A finding; `labels` identify it among those of its kind, as its series has them, with ports as numbers."""

    area: str
    kind: str
    severity: str
    detail: str
    confidence: str
    labels: Mapping[str, str | int]


def findings(observation: Observation) -> list[FindingRow]:
    """Return them by severity, possible causes before effects, then by kind."""
    rows = (_row(area, found) for area, found in _found(observation))
    return sorted(rows, key=_place)


def _place(row: FindingRow) -> tuple[int, bool, str, str, str]:
    return ORDER.index(row.severity), row.kind in EFFECTS, row.area, row.kind, row.detail


def evaluated(observation: Observation) -> tuple[str, ...]:
    """Return the kinds that were evaluated."""
    return tuple(kind for evaluation in observation.evaluations.values() for kind in evaluation.evaluated)


def not_evaluated(observation: Observation) -> Mapping[str, tuple[Input, ...]]:
    """Return the kinds that were not evaluated, with the inputs that are missing."""
    groups = observation.evaluations.values()
    found = {kind: inputs for evaluation in groups for kind, inputs in evaluation.not_evaluated.items()}
    if observation.nat is None:
        found |= dict.fromkeys(NAT_KINDS, (Input.NAT,))
    return {kind: inputs for kind, inputs in found.items() if not NOT_APPLICABLE.issuperset(inputs)}


def _found(observation: Observation) -> Iterator[tuple[str, Finding]]:
    for area, evaluation in observation.evaluations.items():
        yield from ((area, found) for found in evaluation.findings)


def _row(area: str, found: Finding) -> FindingRow:
    labels: dict[str, str | int] = dict(found.labels)
    if area == PORT:
        labels["port"] = int(found.labels["port"])
    return FindingRow(area, found.kind, found.severity, found.detail, found.confidence, labels)
