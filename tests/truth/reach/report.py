"""The confusion table of `explain A B`: its verdicts against what connections show."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.truth.reach.play import Outcome
from tests.truth.reach.situation import AMBIGUOUS, BLOCKED, REACHABLE, UNDETERMINED, UNREACHABLE, Truth

FAULTY = (UNREACHABLE, BLOCKED)
COLUMNS = (
    "engine",
    "situations",
    "reachable, works",
    "unreachable, does not",
    "undetermined, works",
    "undetermined, does not",
    "ambiguous",
    "reachable, does not",
    "unreachable, works",
    "the planted step",
    "undetermined",
)


def verdict_of(outcome: Outcome) -> str:
    """The verdict; `blocked` is another word for unreachable here."""
    said = outcome.answer.verdict if outcome.answer else ""
    return UNREACHABLE if said in FAULTY else said


def problems(outcome: Outcome) -> list[str]:
    """Everything that is wrong with the answer, in short phrases."""
    situation, answer = outcome.situation, outcome.answer
    if outcome.error or answer is None:
        return []
    found = []
    if answer.verdict not in situation.verdicts:
        found.append(f"{answer.verdict}, where it {situation.truth.value}")
    if misses_step(outcome):
        found.append(f"step {answer.step or 'none'}, planted {situation.steps[0]}")
    return found


def misses_step(outcome: Outcome) -> bool:
    """Whether the failing step is another one than that which was planted."""
    answer, steps = outcome.answer, outcome.situation.steps
    failing = answer is not None and outcome.situation.truth is Truth.FAILS and verdict_of(outcome) == UNREACHABLE
    return failing and answer.step not in steps if answer else False


def counts(engine: str, outcomes: Sequence[Outcome]) -> list[str]:
    """The cells of COLUMNS."""
    asked = [one for one in outcomes if one.answer]
    number = Counter((verdict_of(one), one.situation.truth) for one in asked)
    told = [one for one in asked if (verdict_of(one), one.situation.truth) == (UNREACHABLE, Truth.FAILS)]
    unexpected = [
        one for one in asked if verdict_of(one) == UNDETERMINED and UNDETERMINED not in one.situation.verdicts
    ]
    cells = [
        number[REACHABLE, Truth.WORKS],
        number[UNREACHABLE, Truth.FAILS],
        number[UNDETERMINED, Truth.WORKS],
        number[UNDETERMINED, Truth.FAILS],
        sum(count for (said, _), count in number.items() if said == AMBIGUOUS),
        number[REACHABLE, Truth.FAILS],
        number[UNREACHABLE, Truth.WORKS],
    ]
    planted = percent(sum(not misses_step(one) for one in told), len(told))
    return [engine, *map(str, (len(asked), *cells)), planted, percent(len(unexpected), len(asked))]


def percent(part: int, whole: int) -> str:
    """A share, as `97.5 % (39 of 40)`."""
    return f"{100 * part / whole:.1f} % ({part} of {whole})" if whole else "none"


def summary(engine: str, outcomes: Sequence[Outcome]) -> str:
    """The table as lines, and what is wrong or was not played."""
    table = [f"{title:24} {cell}" for title, cell in zip(COLUMNS, counts(engine, outcomes), strict=True)]
    return "\n".join([*table, "", *(line(one) for one in outcomes if problems(one) or one.error)])


def line(outcome: Outcome) -> str:
    """An outcome for the terminal; with all steps where the answer is wrong."""
    wrong, situation = problems(outcome), outcome.situation
    state = "ERROR" if outcome.error else "WRONG" if wrong else "right"
    what = outcome.error.strip().replace("\n", " ")[:400] or "; ".join(wrong)
    words = outcome.measured.words if outcome.measured else ""
    unclean = "" if outcome.clean else " (host replaced)"
    first = f"{state} {outcome.seconds:4.1f}s {situation.kind} / {situation.name}: {what} [{words}]{unclean}"
    steps = outcome.answer.lines if wrong and outcome.answer else ()
    return "\n".join([first, *(f"        {step}" for step in steps)])


def wrong_rows(engine: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The rows of the table of wrong answers."""
    for one in outcomes:
        if one.error or problems(one):
            answer = "not played" if one.error else "; ".join(problems(one))
            yield f"| {engine} | {one.situation.kind} | {one.situation.name} | {answer} |"
