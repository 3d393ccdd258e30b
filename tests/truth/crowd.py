"""Play cases together whose findings need a minute: each has a subject of its own, which its findings name."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from tests.support.waiting import until
from tests.truth.answers import Finding, explain, findings
from tests.truth.case import Case
from tests.truth.lab import Lab
from tests.truth.pacing import every
from tests.truth.play import POLL_SECONDS, TRUTH_SECONDS, Outcome


def play_together(cases: Sequence[Case], lab: Lab) -> list[Outcome]:
    """Plant all, watch for as long as the slowest needs, and ask about each."""
    began = time.monotonic()
    outcomes = [Outcome(case, clean=False) for case in cases]
    with ExitStack() as stack:
        for outcome in outcomes:
            _plant(stack, lab, outcome)
        seen = _watched(lab, max(case.watch for case in cases))
        for outcome in outcomes:
            _ask(lab, outcome, seen)
            outcome.seconds = (time.monotonic() - began) / len(outcomes)
    return outcomes


def _plant(stack: ExitStack, lab: Lab, outcome: Outcome) -> None:
    try:
        stack.enter_context(outcome.case.base(lab))
        stack.enter_context(outcome.case.plant(lab))
    except Exception as error:  # noqa: BLE001  one case that cannot be planted must not end the others
        outcome.error = f"{type(error).__name__}: {error}"


def _watched(lab: Lab, seconds: float) -> frozenset[Finding]:
    seen: set[Finding] = set()
    end = time.monotonic() + seconds

    def over() -> bool:
        seen.update(findings(lab.exporter).loud)
        return time.monotonic() > end

    until(every(POLL_SECONDS, over), seconds + TRUTH_SECONDS, "the end of the watch")
    return frozenset(seen)


def _ask(lab: Lab, outcome: Outcome, seen: frozenset[Finding]) -> None:
    case = outcome.case
    if not outcome.error and case.probe(lab) != case.works:
        outcome.error = f"NotPlantedError: a connection {'fails' if case.works else 'is answered'}"
    outcome.seen = {found for found in seen if case.subject in found.text}
    if case.asked:
        outcome.verdict, outcome.explanation = explain(lab.exporter, case.asked)
