"""Observations without a reader: after a change of which Docker or the kernel notifies, and now and then.

Findings begin and end in the log, and changes are in the history, without scrapes. While changes do not end,
observations take at most a twentieth of the time.
"""

import math
import threading
import time

from exporter.app.observation_cache import ObservationCache
from exporter.log import get_logger

SETTLE_SECONDS = 0.75  # a change is often the first of several
STOP_SECONDS = 1.0
IDLE_SECONDS = 30.0  # without an observation
PAUSE_SECONDS, PAUSE_FACTOR = 1.0, 19  # between two observations; the factor is of the duration of the last one

log = get_logger(component="history")


class Changes:
    """When something was last notified to have changed; noted by any thread."""

    def __init__(self) -> None:
        self.last = -math.inf  # monotonic clock
        self.noted = threading.Event()

    def note(self) -> None:
        """Note a change; returns at once."""
        self.last = time.monotonic()
        self.noted.set()


class ChangeFollower:
    """A thread that requests observations."""

    def __init__(self, observations: ObservationCache, changes: Changes, settle: float = SETTLE_SECONDS) -> None:
        """`settle` are the seconds from a change to its observation."""
        self._observations, self._changes, self._settle = observations, changes, settle
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._next = self._began = 0.0

    def start(self) -> None:
        """Begin to follow."""
        self._next = self._began = time.monotonic()
        self._changes.noted.clear()
        self._thread.start()

    def stop(self) -> None:
        """End the thread, unless it waits for an observation."""
        self._stopped.set()
        self._changes.noted.set()
        if self._thread.ident:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            if self._changes.noted.wait(self._idle_left()):
                now = time.monotonic()
                self._stopped.wait(max(now + self._settle, self._next) - now)
                self._changes.noted.clear()
            if not self._stopped.is_set() and self._is_due():
                self._observe()

    def _last(self) -> float:
        return max(self._began, self._observations.began_at())

    def _idle_left(self) -> float:
        return max(0.0, self._last() + IDLE_SECONDS - time.monotonic(), self._next - time.monotonic())

    def _is_due(self) -> bool:
        """Whether there is a change that no reader has observed, or there was no observation for long."""
        return self._changes.last >= self._last() or self._idle_left() <= 0

    def _observe(self) -> None:
        began = time.monotonic()
        try:
            self._observations.fresh()
        except Exception as error:  # noqa: BLE001  the next reader gets it as well, and logs it
            log.debug("observation failed", error=str(error))
        ended = time.monotonic()
        self._next = ended + max(PAUSE_SECONDS, PAUSE_FACTOR * (ended - began))
