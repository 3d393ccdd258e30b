"""What is wrong with networks, and what cannot be judged at the moment."""

from collections import Counter
from collections.abc import Iterable, Iterator

from exporter.core.findings.finding import Finding
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, gauge


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file."""
    judgement = observation.judgement
    yield each(judgement.findings)
    yield counted(judgement.findings, judgement.judged)
    drift = observation.nat.judgement.suspended if observation.nat else ()
    yield reasons(dict.fromkeys(judgement.suspended + observation.ports.suspended + drift))


def each(findings: Iterable[Finding]) -> Metric:
    """dockernet_network_finding."""
    family = gauge(
        "dockernet_network_finding",
        "1 while something is wrong with a network; subject is what: a device, a container, a subnet or an address.",
        ("kind", "network", "subject", "severity"),
    )
    for labels in dict.fromkeys((f.kind, f.network, f.subject, f.severity) for f in findings):
        family.add_metric(labels, 1)
    return family


def counted(findings: Iterable[Finding], judged: Iterable[str]) -> Metric:
    """dockernet_network_findings."""
    family = gauge(
        "dockernet_network_findings",
        "How many findings of a kind there are; absent while it cannot be judged.",
        ("kind",),
    )
    counts = Counter(kind for kind, *_ in {(f.kind, f.network, f.subject, f.severity) for f in findings})
    for kind in judged:
        family.add_metric((kind,), counts[kind])
    return family


def reasons(suspended: Iterable[str]) -> Metric:
    """dockernet_findings_suspended."""
    family = gauge(
        "dockernet_findings_suspended",
        "1 while findings are not judged that need something which is missing.",
        ("reason",),
    )
    for reason in suspended:
        family.add_metric((reason,), 1)
    return family
