"""What a rule reports: a fact that holds now. How long it must hold to wake somebody is the alert's business."""

from dataclasses import dataclass

CRITICAL, WARNING, INFO = "critical", "warning", "info"
CONFIRMED, PROBABLE, SUSPECTED = "confirmed", "probable", "suspected"


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is what it is about, within the network if there is one; `detail` is a sentence for people."""

    kind: str
    severity: str
    network: str
    subject: str
    detail: str
    confidence: str = CONFIRMED
