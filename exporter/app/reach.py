"""Explain the way from a container to a target, on an observation and on namespaces that are visited for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.core.explain.query import find_container
from exporter.core.observation import Observation
from exporter.core.reach.answer import ReachAnswer, document
from exporter.core.reach.question import Question
from exporter.core.reach.reach import reach
from exporter.core.reach.surroundings import Surroundings, surroundings
from exporter.kernel.reach.visit import visiting
from exporter.web.page import api

WAIT_SECONDS = 2.0


def explain_reach(observation: Observation, question: Question, procfs: Path) -> ReachAnswer:
    """Visit what the question needs, and answer."""
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


class OneAtATime:
    """Answers one question at a time: each costs visits of namespaces, and clients may ask as often as they like."""

    def __init__(self, observe: Callable[[], Observation], procfs: Path) -> None:
        self._observe = observe
        self._procfs = procfs
        self._lock = threading.Lock()

    def answer(self, question: Question) -> str:
        """Answer from a recent observation, as JSON. Raises TimeoutError while others are answered for too long."""
        with self._turn():
            return api.written(document(explain_reach(self._observe(), question, self._procfs)))

    def explained(self, observation: Observation, what: str) -> str:
        """Explain a port, or a container with its networks, as JSON. Raises TimeoutError as `answer` does."""
        with self._turn():
            return api.explained(observation, what, describe_surroundings(observation, what, self._procfs))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise TimeoutError("another question is being answered")
        try:
            yield
        finally:
            self._lock.release()
