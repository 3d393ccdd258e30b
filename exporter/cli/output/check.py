"""The output of `check`: findings, and what could not be inspected."""

import json
from collections import Counter
from typing import Any

from rich.console import Console

from exporter.cli.output.check_result import OK_STATUS, CheckResult
from exporter.cli.output.table import cell, print_table
from exporter.core.findings.finding import CONFIRMED
from exporter.core.views.finding_rows import ORDER, FindingRow

COLUMNS = ("severity", "kind", "what")


def print_report(result: CheckResult, console: Console) -> None:
    """Print a table of findings, a summary and what could not be inspected."""
    if result.findings:
        print_table(console, COLUMNS, [(line.severity, line.kind, _sentence(line)) for line in result.findings])
    console.print(cell(_summary(result)))
    print_unseen(result, console)


def print_unseen(result: CheckResult, console: Console, relevant: frozenset[str] | None = None) -> None:
    """Print what could not be inspected, for the `relevant` reasons or all, and what to grant; else nothing."""
    sentences = [text for reason, text in result.unseen.items() if not relevant or reason in relevant]
    if sentences:
        console.print("\nNot inspected:")
        for sentence in (*sentences, *result.missing):
            console.print(cell(f"  {sentence}"))
    if result.not_evaluated and not relevant:
        kinds = ", ".join(sorted(result.not_evaluated))
        console.print(cell(f"  not evaluated ({len(result.not_evaluated)}): {kinds}"))


def document(result: CheckResult) -> str:
    """Return the JSON form."""
    whole: dict[str, Any] = {
        "verdict": result.verdict,
        "engine": result.engine,
        "findings": [
            {
                "area": line.area,
                "kind": line.kind,
                "severity": line.severity,
                "confidence": line.confidence,
                "detail": line.detail,
                **line.labels,
            }
            for line in result.findings
        ],
        "kinds_evaluated": result.kinds,
        "kinds_not_evaluated": {kind: list(reasons) for kind, reasons in result.not_evaluated.items()},
        "unseen": dict(result.unseen),
        "missing": list(result.missing),
    }
    return json.dumps(whole, indent=2)


def _sentence(line: FindingRow) -> str:
    return line.detail if line.confidence == CONFIRMED else f"{line.detail} ({line.confidence})"


def _summary(result: CheckResult) -> str:
    counts = Counter(line.severity for line in result.findings)
    found = ", ".join(f"{counts[severity]} {severity}" for severity in ORDER if counts[severity])
    return f"{found or _without_findings(result)}. {result.scope}"


def _without_findings(result: CheckResult) -> str:
    return "No findings" if result.exit_status == OK_STATUS else "No findings, but not everything was inspected"
