"""One observation for all who look at about the same time: pages that many people have open cost as much as one."""

import threading
import time
from collections.abc import Callable

from exporter.core.observation import Observation

FRESH_SECONDS = 1.0


class Recent:
    """Observes when the last observation is older than a second."""

    def __init__(self, observe: Callable[[], Observation], clock: Callable[[], float] = time.monotonic) -> None:
        self._observe = observe
        self._clock = clock
        self._lock = threading.Lock()
        self._last: tuple[float, Observation] | None = None

    def observation(self) -> Observation:
        """Return a fresh one. Blocks; raises what observing raises."""
        with self._lock:
            if self._last is None or self._clock() - self._last[0] >= FRESH_SECONDS:
                self._last = self._clock(), self._observe()
            return self._last[1]
