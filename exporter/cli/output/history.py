"""The output of `history`: what changed, the oldest first."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console

from exporter.cli.output.table import local_time, print_table
from exporter.core.history import change_log
from exporter.core.history.change import FINDING_BEGAN, FINDING_ENDED, Change

COLUMNS = ("time", "kind", "subject", "network", "before", "after", "detail")


def parse_document(found: Any) -> tuple[list[Change], float]:
    """Parse the answer of /api/v1/history: the changes, and the Unix time from which they are recorded."""
    return [change_log.parse_change(row) for row in found["changes"]], change_log.parse_time(found["recorded_since"])


def document(changes: Iterable[Change]) -> str:
    """Return the changes as JSON."""
    return json.dumps(change_log.document(changes), indent=1)


def print_history(changes: Sequence[Change], console: Console, since: float) -> None:
    """Print a table; times are those of this host's time zone. `since` is the Unix time of the beginning."""
    if changes:
        print_table(console, COLUMNS, [_row(change) for change in changes])
    else:
        console.print(f"No changes since {local_time(since)}.")


def _row(change: Change) -> tuple[str, ...]:
    moment = local_time(change.time)
    kind, detail = change.kind, [change.detail] if change.detail else []
    if kind in (FINDING_BEGAN, FINDING_ENDED):
        detail = [f"{change.finding}: {change.detail}"]
    if change.seconds is not None:
        detail.append(f"after {change.seconds:.0f} s")
    if change.by:
        detail.append(f"by {change.by}")
    return moment, kind, change.subject, change.network, change.before, change.after, ", ".join(detail)
