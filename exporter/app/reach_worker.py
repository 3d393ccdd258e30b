"""The thread that visits namespaces for the API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

WAIT_SECONDS = 2.0

T = TypeVar("T")


class ReachWorker:
    """Does one thing at a time, on a thread of its own; clients may request as many as they like.

    The thread starts with the worker and has the capabilities of that moment, which the threads for requests do not.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "reach")
        self._thread.submit(int).result()

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, and raise what it raises.

        Raises TimeoutError where that takes longer than WAIT_SECONDS, earlier work included.
        """
        running = self._thread.submit(work)
        try:
            return running.result(WAIT_SECONDS)
        except TimeoutError:
            running.cancel()
            raise

    def close(self) -> None:
        """Accept no more work."""
        self._thread.shutdown(wait=False, cancel_futures=True)
