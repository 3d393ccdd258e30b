"""Findings: what rules report. How long one must last before an alert fires is the alert rule's `for:`."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "warning", "info"]
Confidence = Literal["confirmed", "probable", "suspected"]

CRITICAL: Severity = "critical"
WARNING: Severity = "warning"
INFO: Severity = "info"
CONFIRMED: Confidence = "confirmed"
PROBABLE: Confidence = "probable"
SUSPECTED: Confidence = "suspected"


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition that holds now.

    `key` identifies it among those of its kind from one evaluation to the next: it holds nothing that may change while
    the condition lasts, such as the severity. `detail` is a sentence for people. `labels` are those of its series,
    without kind, severity and confidence.
    """

    kind: str
    severity: Severity
    confidence: Confidence
    key: Hashable = field(compare=False)
    detail: str
    labels: Mapping[str, str]
