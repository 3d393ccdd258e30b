"""A call in a thread of its own, for which the caller waits at most a timeout; a late result is kept for later."""

import concurrent.futures
import time
from collections.abc import Callable
from typing import Generic, TypeVar

RESTS = 4  # times what a late call took: until the next one begins

T = TypeVar("T")


class LateCall(Generic[T]):
    """One call at a time. Not thread-safe: the caller is one thread, whose network namespace the calls have."""

    def __init__(
        self, name: str, timeout: float, rests: float = RESTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`name` is the thread's, `timeout` in seconds."""
        self._timeout, self._rests, self._clock = timeout, rests, clock
        self._pool = concurrent.futures.ThreadPoolExecutor(1, name)
        self._running: concurrent.futures.Future[tuple[T, float]] | None = None
        self._next = 0.0

    def poll(self, call: Callable[[], T]) -> T | None:
        """Return the result of the call, or of an earlier one that was late; None while that runs, and while it rests.

        Raises what the call raises, which may not return None.
        """
        if self._running is None:
            if self._clock() < self._next:
                return None
            self._running = self._pool.submit(self._timed, call)
        try:
            result, seconds = self._running.result(self._timeout)
        except concurrent.futures.TimeoutError:
            if not self._running.done():
                return None
            self._running = None
            raise
        except BaseException:
            self._running = None
            raise
        self._running = None
        if seconds > self._timeout:
            self._next = self._clock() + self._rests * seconds
        return result

    def stop(self) -> None:
        """Begin no further call."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, call: Callable[[], T]) -> tuple[T, float]:
        started = self._clock()
        return call(), self._clock() - started
