"""Observations for every reader, made by one thread: simultaneous readers share one.

The thread alone reads the kernel and changes counters, so no lock is held over I/O, and a reader of the kernel that
hangs delays neither the event stream nor the end of the process.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from math import inf
from typing import Protocol

from exporter.core.model.docker import Inventory
from exporter.core.observation import Observation
from exporter.log import get_logger

MAX_AGE = 1.0
# Just under Prometheus' default time-out.
WAIT_SECONDS = 9.0
# The longest that one observation takes on a host that works; a kernel read that takes longer hangs.
STALL_SECONDS = 60.0
# Further inventories evict the oldest: each one is complete.
MAX_INVENTORIES = 64

log = get_logger(component="observer")


class Observer(Protocol):
    """Makes observations; called by one thread."""

    def update_inventory(self, *inventories: Inventory) -> None:
        """Take new inventories, in their order."""

    def observe(self) -> Observation:
        """Read the kernel and evaluate."""


class ObservationCache:
    """Safe to call from any thread between `start` and `stop`."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = time.monotonic) -> None:
        self._observer = observer
        self._clock = clock
        self._changed = threading.Condition()
        self._inventories: deque[Inventory] = deque(maxlen=MAX_INVENTORIES)
        self._requested = self._stopped = False
        self._upcoming: Future[Observation] = Future()
        self._running: Future[Observation] = Future()
        # Each replaced by one assignment: when the last one began with itself, and when the present work began.
        self._latest: tuple[float, Future[Observation]] | None = None
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)

    def start(self) -> None:
        """Begin to take inventories and requests."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present work, without waiting for it; readers that wait get a TimeoutError."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            for pending in (self._upcoming, self._running):
                if not pending.done():
                    pending.set_exception(TimeoutError("stopping"))

    def update_inventory(self, inventory: Inventory) -> None:
        """Hand over a new inventory; returns at once."""
        with self._changed:
            self._inventories.append(inventory)
            self._changed.notify_all()

    def began_at(self) -> float:
        """Return when the last observation began, by the clock; minus infinity before the first."""
        latest = self._latest
        return latest[0] if latest is not None else -inf

    def fresh(self, timeout: float | None = WAIT_SECONDS) -> Observation:
        """Return an observation that begins after this call. Raises TimeoutError, and what observing raises."""
        with self._changed:
            upcoming, self._requested = self._upcoming, True
            self._changed.notify_all()
        return upcoming.result(timeout)

    def recent(self) -> Observation:
        """Return one that began within the last second, the running one included, or a fresh one."""
        latest = self._latest
        if latest is not None and self._clock() - latest[0] < MAX_AGE:
            return latest[1].result(WAIT_SECONDS)
        return self.fresh()

    def stalled(self) -> bool:
        """Whether the thread has been in one observation for a minute."""
        since = self._busy_since
        return since is not None and self._clock() - since >= STALL_SECONDS

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._requested or self._inventories)
                if self._stopped:
                    return
                inventories = list(self._inventories)
                self._inventories.clear()
                requested, self._requested = self._requested, False
                if requested:
                    self._running, self._upcoming = self._upcoming, Future()
            self._busy_since = self._clock()
            if inventories:
                self._update(inventories)
            if requested:
                self._observe(self._running)
            self._busy_since = None

    def _update(self, inventories: list[Inventory]) -> None:
        try:
            self._observer.update_inventory(*inventories)
        except Exception:
            log.exception("inventory update failed")

    def _observe(self, running: Future[Observation]) -> None:
        self._latest = self._clock(), running
        result: Observation | Exception
        try:
            result = self._observer.observe()
        except Exception as error:  # noqa: BLE001  every reader raises it
            self._latest, result = None, error
        with self._changed:
            if running.done():  # by `stop`
                return
            if isinstance(result, Exception):
                running.set_exception(result)
            else:
                running.set_result(result)
