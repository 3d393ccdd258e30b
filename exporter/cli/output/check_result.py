"""What `check` has to tell: of this host, by an observation, or of another, by a running exporter's documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.core.findings.finding import CRITICAL, WARNING
from exporter.core.observation import Observation
from exporter.core.views.blind_spots import hints, unseen
from exporter.core.views.finding_rows import ORDER, FindingRow, evaluated, findings

FINE, WARNED, ALARMED, UNKNOWN = 0, 1, 2, 3
WORDS = {FINE: "fine", WARNED: "warning", ALARMED: "critical", UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Told:
    """Findings, what could not be looked at and what to grant; `engine` is its version, '' when not known.

    `judged` is how many kinds of findings were looked for, None where that is not told; `looked` on what. `doubtful`:
    another look may find more.
    """

    connected: bool
    engine: str
    findings: Sequence[FindingRow]
    unseen: Mapping[str, str]
    missing: Sequence[str] = ()
    judged: int | None = None
    looked: str = ""
    doubtful: bool = False

    @property
    def exit_code(self) -> int:
        """The worst of what was found; nothing found is fine only where everything was looked at."""
        severities = {line.severity for line in self.findings}
        if not self.connected:
            return UNKNOWN
        if CRITICAL in severities:
            return ALARMED
        if WARNING in severities:
            return WARNED
        return UNKNOWN if self.unseen else FINE

    @property
    def verdict(self) -> str:
        """The same as a word."""
        return WORDS[self.exit_code]


def told(observation: Observation, engine_error: str = "") -> Told:
    """Tell of this host; `engine_error` is why the engine does not answer."""
    inventory = observation.topology.inventory
    unknown = unseen(observation)
    if engine_error and "engine" in unknown:
        unknown["engine"] += f": {engine_error}"
    kinds = len(evaluated(observation))
    host = f"{len(inventory.containers)} containers and {len(inventory.networks)} networks"
    return Told(
        connected=inventory.connected,
        engine=inventory.engine.version if inventory.engine else "",
        findings=findings(observation),
        unseen=unknown,
        missing=hints(observation),
        judged=kinds,
        looked=f"{kinds} kinds of findings looked for on {host}",
    )


def parse_told(found: Mapping[str, Any], topology: Mapping[str, Any]) -> Told:
    """Read /api/v1/findings and /api/v1/topology. Raises KeyError, TypeError or ValueError for anything else."""
    lines = [FindingRow(**{name: line[name] for name in FindingRow.__dataclass_fields__}) for line in found["findings"]]
    if any(line.severity not in ORDER for line in lines):
        raise ValueError("a severity that does not exist")
    return Told(
        connected=topology["connected"] is True,
        engine=str(topology["engine"]),
        findings=lines,
        unseen={str(reason): str(text) for reason, text in found["unseen"].items()},
        looked=f"{topology['host']} was asked",
        doubtful=found.get("doubtful") is True,
    )
