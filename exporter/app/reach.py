"""Explain the way from a container to a target, on an observation and on namespaces that are visited for it."""

import threading
from collections.abc import Callable
from pathlib import Path

from exporter.core.observation import Observation
from exporter.core.reach.answer import ReachAnswer
from exporter.core.reach.question import Question
from exporter.core.reach.reach import reach
from exporter.kernel.reach.visit import visiting

WAIT_SECONDS = 2.0


def explain_reach(observation: Observation, question: Question, procfs: Path) -> ReachAnswer:
    """Visit what the question needs, and answer."""
    with visiting(procfs) as visits:
        return reach(observation, question, lambda one: visits.container(one) if one is not None else visits.host())


class OneAtATime:
    """Answers one question at a time: each costs visits of namespaces, and clients may ask as often as they like."""

    def __init__(self, observe: Callable[[], Observation], procfs: Path) -> None:
        self._observe = observe
        self._procfs = procfs
        self._lock = threading.Lock()

    def answer(self, question: Question) -> ReachAnswer:
        """Answer from a recent observation. Raises TimeoutError while others are answered for too long."""
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise TimeoutError("another question is being answered")
        try:
            return explain_reach(self._observe(), question, self._procfs)
        finally:
            self._lock.release()
