"""Observations without a reader: after a change of which Docker or the kernel notifies, and now and then.

Findings begin and end in the log, and changes are in the history, without scrapes. While changes do not end,
observations take at most a twentieth of the time.
"""

import threading
import time
from collections.abc import Callable, Hashable

from exporter.app.observation_cache import ObservationCache
from exporter.log import get_logger

POLL_INTERVAL = 0.5
STOP_SECONDS = 1.0
IDLE_SECONDS = 30.0  # without an observation
PAUSE_SECONDS, PAUSE_FACTOR = 1.0, 19  # between two observations; the factor is of the duration of the last one

log = get_logger(component="history")


class ChangeFollower:
    """A thread that requests observations."""

    def __init__(
        self, observations: ObservationCache, revision: Callable[[], Hashable], poll_interval: float = POLL_INTERVAL
    ) -> None:
        """`revision` returns a value that differs after a change; it must be cheap. `poll_interval` is in seconds."""
        self._observations, self._revision, self._poll_interval = observations, revision, poll_interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._seen: Hashable = None
        self._changed_at: float | None = None
        self._next = 0.0

    def start(self) -> None:
        """Begin to follow."""
        self._seen = self._revision()
        self._next = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End the thread, unless it waits for an observation."""
        self._stopped.set()
        if self._thread.ident:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        begin = time.monotonic()
        while not self._stopped.wait(self._poll_interval):
            now = time.monotonic()
            if self._is_due(now, max(begin, self._observations.began_at())):
                self._changed_at = None
                self._observe()
                self._next = time.monotonic() + max(PAUSE_SECONDS, PAUSE_FACTOR * (time.monotonic() - now))

    def _is_due(self, now: float, last: float) -> bool:
        """A change is observed one interval after it was noticed: it is often the first of several."""
        revision = self._revision()
        if revision != self._seen:
            self._seen = revision
            if self._changed_at is None:
                self._changed_at = now
                return False
        elif self._changed_at is not None and last > self._changed_at:
            self._changed_at = None  # a reader has observed it
        return now >= self._next and (self._changed_at is not None or now - last >= IDLE_SECONDS)

    def _observe(self) -> None:
        try:
            self._observations.fresh()
        except Exception as error:  # noqa: BLE001  the next reader gets it as well, and logs it
            log.debug("observation failed", error=str(error))
