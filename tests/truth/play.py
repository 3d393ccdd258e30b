"""Play one case: measure, plant, measure, ask the product, undo, measure again."""

import time
from dataclasses import dataclass, field
from subprocess import CalledProcessError

from tests.support.waiting import until
from tests.truth.answers import Finding, Findings, explain, findings, is_quiet, once
from tests.truth.case import ANY, Case, Verdict
from tests.truth.lab import Lab
from tests.truth.pacing import every
from tests.truth.probes import WEB

TRUTH_SECONDS = 30
CLEAN_SECONDS = 45
MOST_WATCHED = 40.0  # seconds: what is still pending then counts as missed
LEGACY_SECONDS = 32.0  # rules of iptables-legacy are read again after 30 s
POLL_SECONDS = 0.5
FRESH_SECONDS = 2.5  # an answer that is given sooner may be about the host of before


class NotPlantedError(Exception):
    """A connection does not show what the case says: the case is wrong, or this kernel cannot play it."""


@dataclass(slots=True)
class Outcome:
    """What happened; `seen` are the new findings with severity warning or critical."""

    case: Case
    verdict: Verdict | None = None
    seen: set[Finding] = field(default_factory=set)
    error: str = ""
    clean: bool = True
    seconds: float = 0.0
    explanation: str = ""

    @property
    def present(self) -> bool:
        """Whether one of the kinds that the case demands was found."""
        return any(found.kind in self.case.finds or ANY in self.case.finds for found in self.seen)

    @property
    def wrong(self) -> list[str]:
        """Everything that the product answers wrongly, in short phrases."""
        found = []
        if (self.case.asked or self.case.once) and self.verdict not in self.case.verdicts:
            said = self.verdict.words if self.verdict is not None else "nothing"
            found.append(f"{'explain ' + self.case.asked if self.case.asked else 'check'}: {said}")
        kinds = ", ".join(sorted({f"{one.kind} {one.severity}" for one in self.seen}))
        if self.case.finds and not self.present:
            wanted = "finding" if ANY in self.case.finds else " or ".join(self.case.finds)
            found.append(f"no {wanted}" + (f", but {kinds}" if kinds else ""))
        if {one.severity for one in self.seen} & self.case.forbidden:
            found.append(f"flagged: {kinds}")
        return found


def play(case: Case, lab: Lab) -> Outcome:
    """Play a case on a host on which nothing is planted."""
    outcome, began = Outcome(case), time.monotonic()
    try:
        with case.base(lab):
            _measured(case, lab, outcome)
            if case.sound_before and not case.fresh:
                _measure(case, lab, works=True, when="after")
        outcome.clean = not case.fresh and _is_clean(lab)
    except CalledProcessError as error:
        outcome.error, outcome.clean = f"{error.cmd}: {error.stderr}", False
    except Exception as error:  # noqa: BLE001  one case that cannot be played must not end the table
        outcome.error, outcome.clean = f"{type(error).__name__}: {error}", False
    outcome.seconds = time.monotonic() - began
    return outcome


def _measured(case: Case, lab: Lab, outcome: Outcome) -> None:
    if case.sound_before:
        _measure(case, lab, works=True, when="before")
    before = findings(lab.exporter).rows
    with case.plant(lab):
        _measure(case, lab, works=case.works, when="planted")
        if case.once:
            outcome.verdict, outcome.explanation, outcome.seen = once(lab, case.asked)
        else:
            _watch(case, lab, outcome, before)
        _measure(case, lab, works=case.works, when="still planted")


def _measure(case: Case, lab: Lab, *, works: bool, when: str) -> None:
    try:
        until(lambda: case.probe(lab) == works, TRUTH_SECONDS, "the connection that the case says")
    except TimeoutError as error:
        raise NotPlantedError(f"{when}: a connection {'fails' if works else 'is answered'}") from error


def _watch(case: Case, lab: Lab, outcome: Outcome, before: frozenset[Finding]) -> None:
    """Ask until the right answer is there, or for as long as it may need."""
    planted = time.monotonic()
    shortest = case.watch + (LEGACY_SECONDS if lab.layout == "legacy" else 0.0)

    def enough() -> bool:
        now = findings(lab.exporter)
        outcome.seen |= now.loud - before
        if case.asked:
            outcome.verdict, outcome.explanation = explain(lab.exporter, case.asked)
        watched = time.monotonic() - planted
        if not case.forbidden and not outcome.wrong and watched >= FRESH_SECONDS:
            return True
        return _settled(now, watched, shortest)

    until(every(POLL_SECONDS, enough), MOST_WATCHED + shortest, "the end of the watch")


def _settled(now: Findings, watched: float, shortest: float) -> bool:
    return watched >= shortest and (not now.pending or watched >= shortest + MOST_WATCHED / 2)


def _is_clean(lab: Lab) -> bool:
    """Whether the host is as before: the published port answers and nothing is found."""
    try:
        until(lambda: WEB(lab), TRUTH_SECONDS, "web answers")
        until(every(POLL_SECONDS, lambda: is_quiet(lab.exporter)), CLEAN_SECONDS, "nothing found")
    except TimeoutError:
        return False
    return True
