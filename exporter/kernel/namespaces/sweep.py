"""Read containers' namespaces periodically between scrapes, a slice of them at a time.

The statistics of a thousand namespaces take 80 ms: too long for a scrape, and nothing when spread over the time
between two of them. The one that was read longest ago is next; one that is new does not wait for its turn.
"""

import math
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import SourceState
from exporter.errors import SourceError
from exporter.kernel.namespaces.stats import StatsReading, read_namespace_stats, read_own_namespace
from exporter.kernel.periodic_reader import PeriodicReader
from exporter.log import get_logger

INTERVAL_SECONDS = 15.0  # as often as Prometheus is mostly configured to scrape
SLICE = 64  # namespaces: 6 ms; the first after a pause takes three times as long as the others
SETTLE_SECONDS = 0.5  # until a container is seen to have come or gone, and after a defect
# Threads that read at once would fight for the interpreter's lock, twice for each system call.
TURN = threading.Lock()
TURN_SECONDS = 1.0  # a reading that hangs delays the others no longer than that
CATCH_UP_SECONDS = 0.05  # between slices of new ones: many at once are those of the exporter's start
RESTS = 20  # times what a slice took: where each reading is slow, all are read less often

log = get_logger(component="sweep")

Life = tuple[str, int]  # container id, pid
T = TypeVar("T")


def sweep_statistics(
    procfs: Path, interval: float = INTERVAL_SECONDS, clock: Callable[[], float] = time.monotonic
) -> "Sweep[StatsReading]":
    """Make a sweep of what namespaces count; called in the host's own, which is left out."""
    own = read_own_namespace()

    def read(container: Container, known: StatsReading | None) -> StatsReading | None:
        return read_namespace_stats(procfs, container.id, container.pid, own, known, clock())

    return Sweep("namespace_stats", read, interval, clock)


class Readings(Struct, Generic[T], frozen=True):
    """Container id -> what was read last; `oldest` is when the oldest of them was read, None when there is none."""

    found: Mapping[str, T]
    oldest: float | None


class Sweep(Generic[T]):
    """Reads in a thread, which sleeps until a namespace is due or the containers are others.

    `read` gets a container with what was read of it last, and returns None for a namespace that is gone.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[Container, T | None], T | None],
        interval: float = INTERVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        rests: float = RESTS,
    ) -> None:
        self._read_container = read
        self._rests = rests
        self._containers: tuple[Container, ...] = ()
        self._interval = interval
        self._clock = clock
        self._present: dict[Life, Container] = {}
        self._tried: dict[Life, float] = {}  # in the order of the times
        self._next_turn = -math.inf
        self._slice_seconds = 0.0
        self._pause = 0.0
        self._found: dict[str, T] = {}
        self._read_at: dict[str, float] = {}
        self._broken: dict[str, str] = {}
        self._reader = PeriodicReader(name, self._read, lambda: self._pause, SETTLE_SECONDS)

    def start(self) -> None:
        """Start the thread."""
        self._reader.start()

    def stop(self) -> None:
        """End the thread."""
        self._reader.stop()

    def update(self, containers: tuple[Container, ...]) -> None:
        """Set whose namespaces are read: the live containers with one of their own."""
        if containers is not self._containers and containers != self._containers:
            self._containers = containers
            self._reader.wake()

    def snapshot(self) -> tuple[Mapping[str, T], float | None]:
        """Return container id -> what was read last, and the age of the oldest; None when there is none."""
        latest = self._reader.latest.value
        if latest is None or latest.oldest is None:
            return {}, None
        return latest.found, self._clock() - latest.oldest

    def state(self) -> SourceState:
        """Return how the readings go: whether any namespace is there and cannot be read, how long a slice took."""
        return replace(self._reader.latest.state, duration=self._slice_seconds)

    def step(self) -> float:
        """Read what is due; return in how many seconds something may be due again."""
        self._reader.read()
        return self._pause

    def _read(self) -> tuple[Readings[T], str]:
        self._pause = SETTLE_SECONDS
        present = self._present = {(found.id, found.pid): found for found in self._containers if found.pid}
        self._forget(self._tried.keys() - present.keys())
        new = [life for life in present if life not in self._tried]
        now = self._clock()
        if new:
            self._read_slice(new[:SLICE])
            self._pause = max(CATCH_UP_SECONDS, self._slice_seconds)
        else:
            if now >= self._next_turn:
                slices = math.ceil(len(present) / SLICE) or 1
                self._read_slice(list(islice(self._tried, math.ceil(len(present) / slices))))
                self._next_turn = now + max(self._interval / slices, self._rests * self._slice_seconds)
            self._pause = max(0.0, self._next_turn - now)
        readings = Readings(dict(self._found), min(self._read_at.values(), default=None))
        return readings, next(iter(self._broken.values()), "")

    def _forget(self, ended: Iterable[Life]) -> None:
        for life in ended:
            del self._tried[life]
            self._drop(life[0])
            self._broken.pop(life[0], None)

    def _drop(self, container_id: str) -> None:
        self._found.pop(container_id, None)
        self._read_at.pop(container_id, None)

    def _read_slice(self, lives: Iterable[Life]) -> None:
        turn = TURN.acquire(timeout=TURN_SECONDS)
        try:
            self._read_lives(lives)
        finally:
            if turn:
                TURN.release()

    def _read_lives(self, lives: Iterable[Life]) -> None:
        started = self._clock()
        for life in lives:
            found, error = self._try(self._present[life])
            now = self._clock()
            self._tried.pop(life, None)
            self._tried[life] = now
            if found is None:
                self._drop(life[0])
            else:
                self._found[life[0]], self._read_at[life[0]] = found, now
            self._note(life[0], error)
        self._slice_seconds = self._clock() - started

    def _try(self, container: Container) -> tuple[T | None, str]:
        try:
            return self._read_container(container, self._found.get(container.id)), ""
        except (OSError, SourceError) as error:
            return None, str(error)
        except (LookupError, ValueError, struct.error) as error:  # in an unknown form
            return None, f"not understood: {error!r}"

    def _note(self, container_id: str, error: str) -> None:
        """Log once what is wrong with a container."""
        if error and container_id not in self._broken:
            log.warning("namespace could not be read", container_id=container_id, error=error)
        if error:
            self._broken[container_id] = error
        else:
            self._broken.pop(container_id, None)
