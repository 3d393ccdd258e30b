"""The result of `check`: of this host, from an observation, or of another, from a running exporter's documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, convert, field

from exporter.core.findings.finding import CRITICAL, WARNING
from exporter.core.nat.rules import NAT_KINDS
from exporter.core.observation import Observation
from exporter.core.views.blind_spots import hints, unseen
from exporter.core.views.finding_rows import ORDER, FindingRow, evaluated, findings, not_evaluated

OK_STATUS, WARNING_STATUS, CRITICAL_STATUS, UNKNOWN_STATUS = 0, 1, 2, 3
VERDICTS = {OK_STATUS: "fine", WARNING_STATUS: "warning", CRITICAL_STATUS: "critical", UNKNOWN_STATUS: "unknown"}


class CheckResult(Struct, frozen=True):
    """Findings, what could not be inspected and what to grant; `engine` is its version, '' when unknown.

    `kinds` is the number of evaluated kinds of findings, None when unknown; `not_evaluated`: kind -> the reasons.
    `scope` is a sentence about what was checked. `pending`: a later result may have more findings.
    """

    connected: bool
    engine: str
    findings: Sequence[FindingRow]
    unseen: Mapping[str, str]
    missing: Sequence[str] = ()
    kinds: int | None = None
    not_evaluated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    scope: str = ""
    pending: bool = False

    @property
    def exit_status(self) -> int:
        """The worst severity; without findings OK only if everything was inspected."""
        severities = {line.severity for line in self.findings}
        if not self.connected:
            return UNKNOWN_STATUS
        if CRITICAL in severities:
            return CRITICAL_STATUS
        if WARNING in severities:
            return WARNING_STATUS
        return UNKNOWN_STATUS if self.unseen else OK_STATUS

    @property
    def verdict(self) -> str:
        """The exit status as a word."""
        return VERDICTS[self.exit_status]


def build_result(
    observation: Observation, engine_error: str = "", disabled: Sequence[str] = (), unread: str = ""
) -> CheckResult:
    """Return the result of this host; `engine_error` is why the engine does not answer, `disabled` are collectors.

    `unread` says that the engine was not read whole.
    """
    inventory = observation.topology.inventory
    unknown = _unseen(observation, engine_error, unread)
    lacking = not_evaluated(observation)
    if "nat" in disabled:  # on purpose
        lacking = {kind: inputs for kind, inputs in lacking.items() if kind not in NAT_KINDS}
        unknown.pop("nat", None)
    kinds = len(evaluated(observation))
    host = f"{_count(len(inventory.containers), 'container')} and {_count(len(inventory.networks), 'network')}"
    without = f" without {' and '.join(disabled)}" if disabled else ""
    return CheckResult(
        connected=inventory.connected,
        engine=inventory.engine.version if inventory.engine else "",
        findings=findings(observation),
        unseen=unknown,
        missing=hints(observation),
        kinds=kinds,
        not_evaluated={kind: list(inputs) for kind, inputs in lacking.items()},
        scope=f"Checked {host} for {_count(kinds, 'kind')} of problems{without}.",
    )


def _unseen(observation: Observation, engine_error: str, unread: str) -> dict[str, str]:
    """Reason -> sentence, with those of the engine's answers."""
    found = unseen(observation)
    if engine_error and "engine" in found:
        found["engine"] += f": {engine_error}"
    if unread:
        found["inspects"] = ": ".join(filter(None, (unread, found.get("inspects"))))
    return found


def parse_result(found: Mapping[str, Any], topology: Mapping[str, Any]) -> CheckResult:
    """Parse /api/v1/findings and /api/v1/topology. Raises KeyError, TypeError or ValueError for anything else."""
    lines = [convert(line, FindingRow) for line in found["findings"]]
    if any(line.severity not in ORDER for line in lines):
        raise ValueError("unknown severity")
    return CheckResult(
        connected=topology["connected"] is True,
        engine=str(topology["engine"]),
        findings=lines,
        unseen={str(reason): str(text) for reason, text in found["unseen"].items()},
        kinds=found.get("kinds_evaluated"),
        not_evaluated={str(kind): list(map(str, why)) for kind, why in found.get("kinds_not_evaluated", {}).items()},
        scope=f"Result from {topology['host']}.",
        pending=found.get("pending") is True,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
