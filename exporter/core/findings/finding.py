"""Findings: what rules report. How long one must last before an alert fires is the alert rule's `for:`."""

from collections.abc import Hashable, Mapping
from typing import Literal

from msgspec import Struct

Severity = Literal["critical", "warning", "info"]
Confidence = Literal["confirmed", "probable", "suspected"]

CRITICAL: Severity = "critical"
WARNING: Severity = "warning"
INFO: Severity = "info"
CONFIRMED: Confidence = "confirmed"
PROBABLE: Confidence = "probable"
SUSPECTED: Confidence = "suspected"


class Finding(Struct, frozen=True, eq=False):
    """A condition that holds now.

    `key` identifies it among those of its kind from one evaluation to the next: it holds nothing that may change while
    the condition lasts, such as the severity. `detail` is a sentence for people. `labels` are those of its series,
    without kind, severity and confidence.
    """

    kind: str
    severity: Severity
    confidence: Confidence
    key: Hashable
    detail: str
    labels: Mapping[str, str]

    def __eq__(self, other: object) -> bool:
        """Whether all but the key is equal."""
        return isinstance(other, Finding) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash((self.kind, self.detail))

    def _compared(self) -> tuple[object, ...]:
        return self.kind, self.severity, self.confidence, self.detail, self.labels
