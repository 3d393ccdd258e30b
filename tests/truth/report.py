"""The confusion table: what the product said of each planted outage and each ordinary habit."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.support.private_host.engines import BUILT, ENGINES
from tests.truth.case import BOTH, LEGACY, NFT, Verdict
from tests.truth.play import Outcome

VERSIONS = {suite: version for suite, version in {**ENGINES, **BUILT}.items() if suite in (*BOTH, *BUILT)}
VERDICTS = (Verdict.BROKEN, Verdict.UNKNOWN, Verdict.WHOLE)
INTRODUCTION = Path(__file__).with_name("introduction.md")
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
    return "\n".join([INTRODUCTION.read_text(), _table(rows), "", *_by_kind(rows), "", *_wrong(rows), ""])


def _table(rows: Sequence[Row]) -> str:
    engines = _engines(rows)
    lines = [f"| | {' | '.join(engines)} |", f"|{'---|' * (len(engines) + 1)}"]
    for title, counted in _counted([one for one in rows if not one.error]):
        numbers = Counter(one.engine for one in counted)
        lines.append(f"| {title} | {' | '.join(str(numbers[engine]) for engine in engines)} |")
    return "\n".join(lines)


def _engines(rows: Sequence[Row]) -> list[str]:
    played = {one.engine for one in rows}
    return [version for version in VERSIONS.values() if version in played]


def _counted(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    outages, habits = [one for one in rows if one.outage], [one for one in rows if not one.outage]
    yield "outages planted", outages
    for verdict in VERDICTS:
        yield f"- `explain`: {verdict.words}", [one for one in outages if one.verdict == verdict.name.lower()]
    for state in FINDINGS:
        yield f"- finding {state}", [one for one in outages if one.finding == state]
    yield "ordinary habits", habits
    yield "- flagged with severity warning or critical", [one for one in habits if one.flagged]
    yield "- `explain` wrong", [one for one in habits if any(text.startswith("explain") for text in one.wrong)]


def _by_kind(rows: Sequence[Row]) -> Iterator[str]:
    yield from ("## Kinds", "", "A cell is how many rows are answered rightly, of those that were played.", "")
    engines = _engines(rows)
    titles = ("", "kind", *engines, "iptables-legacy")
    yield from (f"| {' | '.join(titles)} |".replace("|  |", "| |", 1), f"|{'---|' * len(titles)}")
    for outage, kind in sorted({(one.outage, one.kind) for one in rows}, key=lambda key: (not key[0], key[1])):
        of_kind = [one for one in rows if (one.outage, one.kind) == (outage, kind) and not one.error]
        on_nft = [[one for one in of_kind if one.layout == NFT and one.engine == engine] for engine in engines]
        cells = [_right(group) for group in (*on_nft, [one for one in of_kind if one.layout == LEGACY])]
        yield f"| {'outage' if outage else 'ordinary'} | {kind} | {' | '.join(cells)} |"


def _right(rows: Sequence[Row]) -> str:
    return f"{sum(not one.wrong for one in rows)} of {len(rows)}" if rows else ""


def _wrong(rows: Sequence[Row]) -> Iterator[str]:
    yield from ("## Answered wrongly, or not played", "", "| kind | case | host | answer |", "|---|---|---|---|")
    for one in sorted(rows, key=lambda one: (not one.outage, one.kind, one.name, one.engine, one.layout)):
        if one.wrong or one.error:
            answer = "; ".join(one.wrong) or "not played"
            yield f"| {one.kind} | {one.name} | {one.engine} {one.layout} | {answer} |"
