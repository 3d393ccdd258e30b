"""The confusion table: what the product said of each planted outage and each ordinary habit."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.truth.play import Outcome

VERSIONS = {"bookworm": "20.10.24", "sid": "28.5.2"}
VERDICTS = ("broken", "unknown", "whole")
FINDINGS = ("present", "wrong kind", "missed")


@dataclass(frozen=True, slots=True)
class Row:
    """One case on one engine and layout, as the table counts it."""

    name: str
    kind: str
    engine: str
    layout: str
    outage: bool
    verdict: str  # '' = explain was not asked
    finding: str  # present, missed, wrong kind; '' = none demanded
    flagged: bool
    wrong: tuple[str, ...]
    error: str
    seconds: float
    clean: bool

    def plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    def line(self) -> str:
        """Return a line for the terminal."""
        state = "error" if self.error else "wrong" if self.wrong else "right"
        what = self.error.strip().replace("\n", " ")[:300] or "; ".join(self.wrong)
        unclean = "" if self.clean else " (host replaced)"
        return f"{state} {self.engine} {self.layout} {self.seconds:4.0f}s {self.kind} / {self.name}: {what}{unclean}"


def row(outcome: Outcome, suite: str, layout: str) -> Row:
    """Count an outcome."""
    case = outcome.case
    finding = ""
    if case.finds:
        finding = "present" if outcome.present else "wrong kind" if outcome.seen else "missed"
    return Row(
        name=case.name,
        kind=case.kind,
        engine=VERSIONS[suite],
        layout=layout,
        outage=case.outage,
        verdict=outcome.verdict.name.lower() if outcome.verdict is not None else "",
        finding=finding,
        flagged=any(text.startswith("flagged") for text in outcome.wrong),
        wrong=() if outcome.error else tuple(outcome.wrong),
        error=outcome.error,
        seconds=outcome.seconds,
        clean=outcome.clean,
    )


def parse_row(line: str) -> Row:
    """Read what `plain` gave."""
    plain = json.loads(line)
    return Row(**{**plain, "wrong": tuple(plain["wrong"])})


def summary(rows: Sequence[Row]) -> str:
    """Return the confusion table and what is wrong, for the terminal."""
    wrong = [one.line() for one in rows if one.wrong or one.error]
    return "\n".join([_table(rows), "", *wrong])


def document(rows: Sequence[Row]) -> str:
    """Return docs/truth.md."""
    return "\n".join([INTRODUCTION, _table(rows), "", *_by_kind(rows), ""])


def _table(rows: Sequence[Row]) -> str:
    lines = ["| | 20.10.24 | 28.5.2 |", "|---|---|---|"]
    for title, counted in _counted([one for one in rows if not one.error]):
        numbers = Counter(one.engine for one in counted)
        lines.append(f"| {title} | {numbers['20.10.24']} | {numbers['28.5.2']} |")
    return "\n".join(lines)


def _counted(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    outages, habits = [one for one in rows if one.outage], [one for one in rows if not one.outage]
    yield "outages planted", outages
    for verdict in VERDICTS:
        yield f"- `explain` says {verdict}", [one for one in outages if one.verdict == verdict]
    for state in FINDINGS:
        yield f"- finding {state}", [one for one in outages if one.finding == state]
    yield "ordinary habits", habits
    yield "- flagged with severity warning or critical", [one for one in habits if one.flagged]
    yield "- `explain` wrong", [one for one in habits if any(text.startswith("explain") for text in one.wrong)]


def _by_kind(rows: Iterable[Row]) -> Iterable[str]:
    yield from ("## Cases", "", "| kind | case | engine | rules | answer |", "|---|---|---|---|---|")
    for one in sorted(rows, key=lambda one: (not one.outage, one.kind, one.name, one.engine, one.layout)):
        answer = "not played" if one.error else "; ".join(one.wrong) or "right"
        yield f"| {one.kind} | {one.name} | {one.engine} | {one.layout} | {answer} |"


INTRODUCTION = """\
# The truth table

`make truth` plants outages and ordinary habits on private Docker hosts, measures each with a real connection, and
compares what a running exporter answers: `explain` and the findings.

An outage that `explain` calls whole, or an ordinary habit with a finding of severity warning or critical, is a defect.
A row is one case on one engine and rule layout. The connection is measured before the plant, while planted, and after
the undo.
"""
