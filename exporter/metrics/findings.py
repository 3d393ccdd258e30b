"""Findings of every group of rules, and the inputs whose absence suspends some kinds."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.rule import Input
from exporter.core.nat import drift
from exporter.core.observation import NAT, NETWORK, PORT, Observation
from exporter.core.ports import conflict
from exporter.metrics.build import Metric, gauge


class FindingFamilies(Struct, frozen=True):
    """The two families of a group: a series for each finding, `name`, and their number by kind, `name` in the plural.

    `labels` are those of the findings themselves; kind and `assessment` are added.
    """

    area: str
    name: str
    documentation: str
    labels: tuple[str, ...]
    assessment: tuple[str, ...] = ("severity",)


FAMILIES = (
    FindingFamilies(
        NETWORK,
        "dockernet_network_finding",
        "1 while a network has this problem; subject is a device, a container, a subnet or an address.",
        ("network", "subject"),
    ),
    FindingFamilies(
        PORT,
        "dockernet_port_conflict",
        "1 while a port has this problem; wanted_by should have it, holder has it.",
        conflict.LABELS,
        ("severity", "confidence"),
    ),
    FindingFamilies(
        NAT,
        "dockernet_nat_drift",
        "1 while the kernel's rules have differed from what Docker must have programmed for at least 10 seconds.",
        drift.LABELS,
    ),
)


def inputs(observation: Observation) -> object:
    """Return what `families` depends on."""
    return observation.evaluations


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file."""
    evaluations = observation.evaluations
    for group in FAMILIES:
        if group.area in evaluations:
            yield from _group(group, evaluations[group.area])
    yield suspended(one for evaluation in evaluations.values() for one in evaluation.missing)


def _group(group: FindingFamilies, evaluation: Evaluation) -> Iterator[Metric]:
    names = (*group.labels, *group.assessment)
    each = gauge(group.name, group.documentation, ("kind", *names))
    # Findings that differ in their details only are one series.
    series = dict.fromkeys(
        (
            found.kind,
            *(found.labels[name] for name in group.labels),
            *(getattr(found, name) for name in group.assessment),
        )
        for found in evaluation.findings
    )
    for labels in series:
        each.add_metric(labels, 1)
    number = gauge(f"{group.name}s", "Number of findings by kind; absent if the kind is not evaluated.", ("kind",))
    counts = Counter(kind for kind, *_ in series)
    for kind in evaluation.evaluated:
        number.add_metric((kind,), counts[kind])
    yield from (each, number)


def suspended(missing: Iterable[Input]) -> Metric:
    """dockernet_findings_suspended."""
    family = gauge(
        "dockernet_findings_suspended",
        "1 if rules are not evaluated because this input is unavailable.",
        ("reason",),
    )
    for reason in dict.fromkeys(missing):
        family.add_metric((reason.value,), 1)
    return family
