"""The exit code of a look: what is wrong, or that it cannot be told."""

from exporter.core.finding import CRITICAL, WARNING
from exporter.core.observation import Observation
from exporter.core.report import findings
from exporter.core.unseen import unseen

FINE, WARNED, ALARMED, UNKNOWN = 0, 1, 2, 3
WORDS = {FINE: "fine", WARNED: "warning", ALARMED: "critical", UNKNOWN: "unknown"}


def exit_code(observation: Observation) -> int:
    """Return the worst of what was found; nothing found is fine only where everything was looked at."""
    severities = {line.severity for line in findings(observation)}
    if not observation.topology.inventory.connected:
        return UNKNOWN
    if CRITICAL in severities:
        return ALARMED
    if WARNING in severities:
        return WARNED
    return UNKNOWN if unseen(observation) else FINE
