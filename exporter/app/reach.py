"""Explain the way from a container to a target, on an observation and on namespaces that are visited for it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from exporter.app.device_filters import with_filters
from exporter.core.explain.query import find_container
from exporter.core.observation import Observation
from exporter.core.reach.answer import ReachAnswer, document
from exporter.core.reach.question import Question
from exporter.core.reach.reach import reach
from exporter.core.reach.surroundings import Surroundings, surroundings
from exporter.kernel.reach.visit import visiting
from exporter.web.page import api

WAIT_SECONDS = 2.0
AGAIN_SECONDS = 1.0  # for a further observation, of the time above
SETTLE_SECONDS = 0.2  # in which an engine is through with a container that starts

T = TypeVar("T")


def explain_reach(
    observation: Observation, question: Question, procfs: Path, again: Callable[[], Observation]
) -> ReachAnswer:
    """Visit what the question needs, and answer; `again` observes anew where the fault may be a container's start."""
    return settled(lambda one: _explain(one, question, procfs), observation, again)


def settled(
    explain: Callable[[Observation], ReachAnswer],
    observation: Observation,
    again: Callable[[], Observation],
    wait: Callable[[float], None] = time.sleep,
) -> ReachAnswer:
    """Return the answer; of a fault that may pass what is left of it a moment later, if that can be observed."""
    found = explain(observation)
    if not found.may_pass:
        return found
    wait(SETTLE_SECONDS)
    try:
        return explain(again())
    except TimeoutError:
        return found


def _explain(observation: Observation, question: Question, procfs: Path) -> ReachAnswer:
    with visiting(procfs) as visits:
        return reach(observation, question, lambda one: visits.container(one) if one is not None else visits.host())


def describe_surroundings(observation: Observation, what: str, procfs: Path) -> Surroundings | None:
    """Describe the networks of a live container; None for anything else."""
    container = find_container(observation.topology.inventory, what)
    if container is None or not container.live:
        return None
    with visiting(procfs) as visits:
        return surroundings(
            observation, container, lambda one: visits.container(one) if one is not None else visits.host()
        )


class ReachWorker:
    """Answers one question at a time, on a thread of its own; clients may send as many as they like.

    `observe` returns a recent observation, `again` one that begins with the call, in so many seconds.
    The thread starts with the worker and has the capabilities of that moment, which the threads for requests do not.
    """

    def __init__(self, observe: Callable[[], Observation], procfs: Path, again: Callable[[float], Observation]) -> None:
        self._observe = observe
        self._again = partial(again, AGAIN_SECONDS)
        self._procfs = procfs
        self._thread = ThreadPoolExecutor(1, "reach")
        self._thread.submit(int).result()

    def answer(self, question: Question) -> str:
        """Answer from a recent observation, as JSON. Raises TimeoutError where earlier questions take too long."""
        observation = self._observe()
        return self._run(lambda: api.written(document(explain_reach(observation, question, self._procfs, self._again))))

    def explained(self, observation: Observation, what: str) -> str:
        """Explain a port, or a container with its networks, as JSON. Raises TimeoutError as `answer` does."""
        around = self._run(lambda: describe_surroundings(observation, what, self._procfs))
        return api.explained(self._run(lambda: with_filters(observation)), what, around)

    def _run(self, work: Callable[[], T]) -> T:
        running = self._thread.submit(work)
        try:
            return running.result(WAIT_SECONDS)
        except TimeoutError:
            running.cancel()
            raise

    def close(self) -> None:
        """Accept no more questions."""
        self._thread.shutdown(wait=False, cancel_futures=True)
