"""The thread that answers `explain` for the API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from exporter.app.reach import describe_surroundings, explain_inside, explain_reach
from exporter.core.observation import Observation
from exporter.core.reach.answer import document
from exporter.core.reach.question import Question
from exporter.web.page import api

WAIT_SECONDS = 2.0
AGAIN_SECONDS = 1.0  # of them for a further observation

T = TypeVar("T")


class ReachWorker:
    """Answers one question at a time, on a thread of its own; clients may send as many as they like.

    `observe` returns a recent observation, `again` one that begins with the call, within so many seconds.
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
        return api.explained(self._run(lambda: explain_inside(observation, what, self._procfs)), around)

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
