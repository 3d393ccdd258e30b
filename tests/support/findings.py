"""Findings and evaluations, written down."""

from collections.abc import Mapping

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.finding import CONFIRMED, Confidence, Finding, Severity
from exporter.core.findings.rule import Input
from exporter.core.ports.conflict import LABELS


def network_finding(
    kind: str, severity: Severity, network: str, subject: str, detail: str, confidence: Confidence = CONFIRMED
) -> Finding:
    """A finding about something in a network."""
    labels = {"network": network, "subject": subject}
    return Finding(kind, severity, confidence, (network, subject), detail, labels)


def port_conflict(kind: str, severity: Severity, confidence: Confidence, detail: str, **labels: str | int) -> Finding:
    """A finding about a port; `labels` are all of its labels."""
    assert labels.keys() == set(LABELS)
    values = {name: str(labels[name]) for name in LABELS}
    return Finding(kind, severity, confidence, tuple(values.values()), detail, values)


def evaluation(
    *findings: Finding,
    kinds: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    pending: Mapping[str, float] | None = None,
) -> Evaluation:
    """An evaluation of these kinds; some other kind lacks what is missing."""
    lacking = {"another_kind": tuple(map(Input, missing))} if missing else {}
    return Evaluation(findings, kinds, lacking, pending or {})
