"""A thread that reads a source periodically between scrapes, for sources that are too slow for a scrape."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from exporter.core.model.kernel_sample import SourceState
from exporter.kernel.read_source import timed
from exporter.log import get_logger

JOIN_TIMEOUT = 0.5  # seconds; the thread is a daemon, should the kernel block it for longer

log = get_logger(component="kernel")

T = TypeVar("T")


class Reading(Struct, Generic[T], frozen=True):
    """The last result, made at `at` (monotonic clock); `value` is None before the first one and after a failure."""

    value: T | None
    state: SourceState
    at: float


class PeriodicReader(Generic[T]):
    """Calls `read` and publishes its result in `latest` by one assignment: any thread may take it, without a lock.

    `read` returns a value, and what is wrong with a part of it ('' for nothing); what it raises is the state's error.
    `interval` are the seconds between two readings, a number or a function that is called after each; `settle` those
    between a call of `wake` and the reading that follows it.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], tuple[T, str]],
        interval: float | Callable[[], float],
        settle: float = 0.0,
    ) -> None:
        self._name = name
        self._read = read
        self._interval = interval
        self._settle = settle
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.latest: Reading[T] = Reading(None, SourceState(name, up=True), time.monotonic())

    @property
    def started(self) -> bool:
        """Whether `start` was called."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Read at once, then again after each interval."""
        self._thread.start()

    def stop(self) -> bool:
        """End the thread, waiting for it for half a second; return whether it has ended, or was never started."""
        self._stopped.set()
        self._woken.set()
        if self.started:
            self._thread.join(JOIN_TIMEOUT)
        return not self._thread.is_alive()

    def wake(self) -> None:
        """Read soon, unless that is due sooner."""
        self._woken.set()

    def read(self) -> None:
        """Read once and publish the result; the thread's own step."""
        try:
            result, state = timed(self._name, self._read)
        except Exception as error:  # a defect in one reading must not end the thread
            log.exception("reading failed", collector=self._name)
            result, state = None, SourceState(self._name, up=False, error=repr(error))
        value, incomplete = result if result is not None else (None, "")
        if incomplete:
            state = SourceState(self._name, up=False, duration=state.duration, error=incomplete)
        self.latest = Reading(value, state, time.monotonic())

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            self.read()
            self._wait(self._interval() if callable(self._interval) else self._interval)

    def _wait(self, seconds: float) -> None:
        due = time.monotonic() + seconds
        if not self._stopped.is_set() and self._woken.wait(seconds):
            self._stopped.wait(max(0.0, min(self._settle, due - time.monotonic())))
