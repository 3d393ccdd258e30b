"""What `check` prints: findings, and what could not be looked at."""

import json
from collections import Counter
from typing import Any

from rich.console import Console

from exporter.cli.output.check_result import Told
from exporter.cli.output.table import cell, table
from exporter.core.findings.finding import CONFIRMED
from exporter.core.views.finding_rows import ORDER, FindingRow

COLUMNS = ("severity", "kind", "what")


def print_report(told: Told, console: Console) -> None:
    """Print a table and what there is to say about it."""
    if told.findings:
        console.print(table(COLUMNS, [(line.severity, line.kind, _sentence(line)) for line in told.findings]))
    console.print(cell(_summary(told)))
    print_unseen(told, console)


def print_unseen(told: Told, console: Console, matters: frozenset[str] | None = None) -> None:
    """Print what could not be looked at, of what `matters`, and what to grant; nothing where all could."""
    sentences = [text for reason, text in told.unseen.items() if not matters or reason in matters]
    if sentences:
        console.print("\nNot seen:")
        for sentence in (*sentences, *told.missing):
            console.print(cell(f"  {sentence}"))


def document(told: Told) -> str:
    """Return the same as JSON."""
    whole: dict[str, Any] = {
        "verdict": told.verdict,
        "engine": told.engine,
        "findings": [
            {
                "area": line.area,
                "kind": line.kind,
                "severity": line.severity,
                "confidence": line.confidence,
                "detail": line.detail,
                **line.labels,
            }
            for line in told.findings
        ],
        "kinds_judged": told.judged,
        "unseen": dict(told.unseen),
        "missing": list(told.missing),
    }
    return json.dumps(whole, indent=2)


def _sentence(line: FindingRow) -> str:
    return line.detail if line.confidence == CONFIRMED else f"{line.detail} ({line.confidence})"


def _summary(told: Told) -> str:
    counts = Counter(line.severity for line in told.findings)
    found = ", ".join(f"{counts[severity]} {severity}" for severity in ORDER if counts[severity])
    return f"{found or 'Nothing found'}: {told.looked}."
