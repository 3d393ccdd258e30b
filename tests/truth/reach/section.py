"""The part of docs/truth.md about `explain A B`, in which one engine's rows are replaced at a time."""

from collections.abc import Sequence
from pathlib import Path

from tests.truth.reach.play import Outcome
from tests.truth.reach.report import COLUMNS, counts, wrong_rows
from tests.truth.section import HEADING

INTRODUCTION = Path(__file__).with_name("introduction.md")
WRONG = "### Answered wrongly by `explain A B`, or not played"


def updated(old: str, engine: str, outcomes: Sequence[Outcome]) -> str:
    """Return the part with the rows of this engine in place of its old ones."""
    kept = [line for line in old.splitlines() if line.startswith("| ") and not line.startswith(f"| {engine} ")]
    table, _, wrong = old.partition(WRONG)
    of_table = [line for line in kept if line in table.splitlines() and not line.startswith("| engine ")]
    of_wrong = [line for line in kept if line in wrong.splitlines() and not line.startswith("| engine ")]
    rows = [*of_table, f"| {' | '.join(counts(engine, outcomes))} |"]
    return "\n".join(
        [
            HEADING,
            "",
            INTRODUCTION.read_text(),
            _heading(COLUMNS),
            *sorted(rows),
            "",
            WRONG,
            "",
            _heading(("engine", "kind", "situation", "answer")),
            *sorted([*of_wrong, *wrong_rows(engine, outcomes)]),
            "",
        ]
    )


def _heading(titles: Sequence[str]) -> str:
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"
