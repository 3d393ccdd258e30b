"""Play one situation: plant, connect, ask the product, connect again, undo."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from subprocess import CalledProcessError

from tests.support.waiting import until
from tests.truth.hosts import Hosts
from tests.truth.lab import Lab
from tests.truth.probes import WEB, between, outward
from tests.truth.reach.answers import Answer
from tests.truth.reach.measure import Measured, measure
from tests.truth.reach.situation import Situation, Truth

TRUTH_SECONDS = 15
CLEAN_SECONDS = 15
Ask = Callable[[Lab, str, str], Answer]


class NotPlantedError(Exception):
    """A connection does not show what the situation says: it is wrong, or this kernel cannot play it."""


@dataclass(slots=True)
class Outcome:
    """What happened; `answer` is None where the product was not asked."""

    situation: Situation
    measured: Measured | None = None
    answer: Answer | None = None
    error: str = ""
    clean: bool = True
    seconds: float = 0.0


def play_all(hosts: Hosts, situations: Sequence[Situation], ask: Ask | None) -> Iterator[Outcome]:
    """Play situations on one host after the other; a host that one left unclean is replaced."""
    # those of one dockerd stand together
    for situation in sorted(situations, key=lambda one: one.flags):
        yield play(hosts, situation, ask)


def play(hosts: Hosts, situation: Situation, ask: Ask | None) -> Outcome:
    """Play a situation on a host on which nothing is planted; `ask` None: its truth alone."""
    outcome, began = Outcome(situation), time.monotonic()
    try:
        lab = hosts.lab(situation.flags)
        with situation.base(lab):
            _planted(situation, lab, outcome, ask)
        outcome.clean = _is_clean(lab)
    except CalledProcessError as error:
        outcome.error, outcome.clean = f"{error.cmd}: {error.stderr}", False
    except Exception as error:  # noqa: BLE001  one situation that cannot be played must not end the table
        outcome.error, outcome.clean = f"{type(error).__name__}: {error}", False
    if not outcome.clean:
        hosts.close()
    outcome.seconds = time.monotonic() - began
    return outcome


def _planted(situation: Situation, lab: Lab, outcome: Outcome, ask: Ask | None) -> None:
    # the addresses of before the fault, which may remove what they are read from
    target, words = lab.text(situation.through or situation.target), situation.words(lab)

    def connect(truth: Truth, when: str) -> Measured:
        return _connect(situation, lab, target, truth, when)

    if situation.fault and situation.works_before:
        connect(Truth.WORKS, "before")
    with situation.fault(lab) if situation.fault else nullcontext():
        outcome.measured = connect(situation.truth, "planted")
        if ask:
            outcome.answer = ask(lab, *words)
            connect(situation.truth, "still planted")


def _connect(situation: Situation, lab: Lab, target: str, truth: Truth, when: str) -> Measured:
    seen = []

    def as_said() -> bool:
        seen.append(measure(lab, situation, target))
        return seen[-1].truth == truth

    try:
        until(as_said, TRUTH_SECONDS, f"{target} {truth.value}")
    except TimeoutError as error:
        raise NotPlantedError(f"{when}: {seen[-1].truth.value}: {seen[-1].words}") from error
    return seen[-1]


def _is_clean(lab: Lab) -> bool:
    """Whether the containers that stand there all the time reach each other, the host's ports and the outside."""
    standing = (WEB, between("db", "api"), outward("other"))
    try:
        until(lambda: all(probe(lab) for probe in standing), CLEAN_SECONDS, "the host as before")
    except TimeoutError:
        return False
    return True
