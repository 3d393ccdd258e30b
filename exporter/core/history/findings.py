"""Begin and end of findings."""

from collections.abc import Hashable, Iterator, Mapping

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.finding import Finding
from exporter.core.history.change import FINDING_BEGAN, FINDING_ENDED, Change, cut
from exporter.core.observation import PORT

# The labels that name what a finding is about, the most exact first.
SUBJECTS = ("subject", "wanted_by", "container", "network", "holder", "chain")
CONTAINERS = ("container", "wanted_by")
Key = tuple[str, Hashable]


class FindingChanges:
    """Compares the findings of each group. Not thread-safe."""

    def __init__(self) -> None:
        self._evaluations: dict[str, Evaluation] = {}
        self._open: dict[str, dict[Key, tuple[Finding, float]]] = {}  # with the begin of each

    def update(self, evaluations: Mapping[str, Evaluation], now: float) -> Iterator[Change]:
        """Yield what began and ended. A kind that is not evaluated has neither."""
        for area, evaluation in evaluations.items():
            if evaluation is not self._evaluations.get(area):
                self._evaluations[area] = evaluation
                yield from self._compare(area, evaluation, now)

    def _compare(self, area: str, evaluation: Evaluation, now: float) -> Iterator[Change]:
        known = self._open.setdefault(area, {})
        found = {(one.kind, one.key): one for one in evaluation.findings}
        evaluated = frozenset(evaluation.evaluated)
        for key in [key for key in known if key not in found and key[0] in evaluated]:
            finding, since = known.pop(key)
            yield _change(FINDING_ENDED, area, finding, max(0.0, now - since))
        for key, finding in found.items():
            since = known[key][1] if key in known else now
            if key not in known:
                yield _change(FINDING_BEGAN, area, finding)
            known[key] = finding, since


def _change(kind: str, area: str, finding: Finding, seconds: float | None = None) -> Change:
    labels = finding.labels
    container = next((labels[name] for name in CONTAINERS if labels.get(name)), "")
    began = kind == FINDING_BEGAN
    return Change(
        kind,
        _subject(area, labels),
        "" if began else finding.severity,
        finding.severity if began else "",
        container=container,
        network=labels.get("network", ""),
        detail=cut(finding.detail),
        finding=finding.kind,
        labels=labels,
        seconds=None if seconds is None else round(seconds, 3),
    )


def _subject(area: str, labels: Mapping[str, str]) -> str:
    if area == PORT:
        return f"{labels.get('protocol', '')}/{labels.get('port', '')}"
    return next((labels[name] for name in SUBJECTS if labels.get(name)), "")
