"""All findings of an observation, whatever they are about, the worst first."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from exporter.core.findings.finding import CONFIRMED, CRITICAL, INFO, WARNING
from exporter.core.observation import Observation

NETWORK, PORT, NAT = "network", "port", "nat"
ORDER = (CRITICAL, WARNING, INFO)


@dataclass(frozen=True, slots=True)
class Line:
    """A finding; `labels` are what tells it from others of its kind, as its series has them."""

    area: str
    kind: str
    severity: str
    detail: str
    confidence: str
    labels: Mapping[str, str | int]


def findings(observation: Observation) -> list[Line]:
    """Return them by severity, then by kind."""
    found = [*_of_networks(observation), *_of_ports(observation), *_of_nat(observation)]
    return sorted(found, key=lambda line: (ORDER.index(line.severity), line.area, line.kind, line.detail))


def judged(observation: Observation) -> int:
    """Return how many kinds of findings were looked for."""
    judgement = observation.judgement
    drift = observation.nat.judgement.judged if observation.nat else ()
    return len(judgement.judged) + len(observation.ports.judged) + len(drift)


def _of_networks(observation: Observation) -> Iterator[Line]:
    for found in observation.judgement.findings:
        labels = {"network": found.network, "subject": found.subject}
        yield Line(NETWORK, found.kind, found.severity, found.detail, found.confidence, labels)


def _of_ports(observation: Observation) -> Iterator[Line]:
    for found in observation.ports.conflicts:
        labels: dict[str, str | int] = {
            "protocol": found.protocol,
            "address": found.address,
            "port": found.port,
            "wanted_by": found.wanted_by,
            "holder": found.holder,
            "holder_kind": found.holder_kind,
        }
        yield Line(PORT, found.kind, found.severity, found.detail, found.confidence, labels)


def _of_nat(observation: Observation) -> Iterator[Line]:
    for drift in observation.nat.judgement.drifts if observation.nat else ():
        yield Line(NAT, drift.kind, drift.severity, drift.detail, CONFIRMED, asdict(drift.subject))
