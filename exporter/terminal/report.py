"""What `check` prints: findings, and what could not be looked at."""

import json
from collections import Counter
from typing import Any

from rich.console import Console

from exporter.core.finding import CONFIRMED
from exporter.core.observation import Observation
from exporter.core.report import ORDER, Line, findings, judged
from exporter.core.unseen import hints, unseen
from exporter.terminal.paint import cell, table
from exporter.terminal.verdict import WORDS, exit_code

COLUMNS = ("severity", "kind", "what")


def print_report(observation: Observation, console: Console, engine_error: str = "") -> None:
    """Print a table and what there is to say about it; `engine_error` is why the engine does not answer."""
    found = findings(observation)
    if found:
        console.print(table(COLUMNS, [(line.severity, line.kind, _sentence(line)) for line in found]))
    console.print(cell(_summary(observation, found)))
    print_unseen(observation, console, engine_error)


def print_unseen(
    observation: Observation, console: Console, engine_error: str = "", matters: frozenset[str] | None = None
) -> None:
    """Print what could not be looked at, of what `matters`, and what to grant; nothing where all could."""
    sentences = [
        text for reason, text in _unseen(observation, engine_error).items() if not matters or reason in matters
    ]
    if sentences:
        console.print("\nNot seen:")
        for sentence in (*sentences, *hints(observation)):
            console.print(cell(f"  {sentence}"))


def document(observation: Observation, engine_error: str = "") -> str:
    """Return the same as JSON."""
    about = observation.topology.inventory.engine
    whole: dict[str, Any] = {
        "verdict": WORDS[exit_code(observation)],
        "engine": about.version if about else "",
        "findings": [
            {
                "area": line.area,
                "kind": line.kind,
                "severity": line.severity,
                "confidence": line.confidence,
                "detail": line.detail,
                **line.labels,
            }
            for line in findings(observation)
        ],
        "kinds_judged": judged(observation),
        "unseen": _unseen(observation, engine_error),
        "missing": hints(observation),
    }
    return json.dumps(whole, indent=2)


def _sentence(line: Line) -> str:
    return line.detail if line.confidence == CONFIRMED else f"{line.detail} ({line.confidence})"


def _summary(observation: Observation, found: list[Line]) -> str:
    inventory = observation.topology.inventory
    host = f"{len(inventory.containers)} containers and {len(inventory.networks)} networks"
    kinds = f"{judged(observation)} kinds of findings looked for on {host}"
    if not found:
        return f"Nothing found: {kinds}."
    counts = Counter(line.severity for line in found)
    return f"{', '.join(f'{counts[s]} {s}' for s in ORDER if counts[s])}: {kinds}."


def _unseen(observation: Observation, engine_error: str) -> dict[str, str]:
    found = unseen(observation)
    if engine_error and "engine" in found:
        found["engine"] += f": {engine_error}"
    return found
