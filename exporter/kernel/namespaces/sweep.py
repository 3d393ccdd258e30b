"""Keep what is read in containers' namespaces fresh beside the scrapes, a slice of them at a time.

The statistics of a thousand namespaces take 80 ms: too long for a scrape, and nothing when spread over ten seconds. The
one that was read longest ago is next; one that is new does not wait for its turn.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import SourceState
from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.errors import SourceError
from exporter.kernel.namespaces.stats import read_namespace_stats, read_own_namespace

INTERVAL_SECONDS = 10.0
SLICE = 25  # namespaces: 2 ms
LOOK_SECONDS = 0.5  # how soon a container is seen to have come or gone
CATCH_UP_SECONDS = 0.05  # between slices of new ones: many at once are those of the exporter's start
RESTS = 20  # times what a slice took: where each reading is slow, all are read less often
STOP_SECONDS = 0.5

log = structlog.get_logger(component="sweep")

Life = tuple[str, int]  # container id, pid
T = TypeVar("T")


def sweep_statistics(
    procfs: Path,
    containers: Callable[[], Iterable[Container]],
    interval: float = INTERVAL_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> "Sweep[NamespaceStats]":
    """Make a sweep of what namespaces count; called in the host's own, which is left out."""
    own = read_own_namespace()

    def read(container: Container) -> NamespaceStats | None:
        return read_namespace_stats(procfs, container.id, container.pid, own)

    return Sweep("namespace_stats", read, containers, interval, clock)


class Sweep(Generic[T]):
    """A thread that reads, None for what is gone; `containers` tells the live ones with a namespace of their own."""

    def __init__(
        self,
        name: str,
        read: Callable[[Container], T | None],
        containers: Callable[[], Iterable[Container]],
        interval: float = INTERVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._reader = read
        self._containers = containers
        self._interval = interval
        self._clock = clock
        self._present: dict[Life, Container] = {}
        self._tried: dict[Life, float] = {}  # in the order of the times
        self._next_turn = -math.inf
        self._slice_seconds = 0.0
        self._lock = threading.Lock()
        self._found: dict[str, T] = {}
        self._read_at: dict[str, float] = {}
        self._broken: dict[str, str] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; it is a daemon, should the kernel hold it up."""
        self._stopped.set()
        if self._thread.ident:
            self._thread.join(STOP_SECONDS)

    def snapshot(self) -> tuple[Mapping[str, T], float | None]:
        """Return container id -> what was read last, and the age of the oldest; None when there is none."""
        with self._lock:
            oldest = min(self._read_at.values(), default=None)
            return dict(self._found), None if oldest is None else self._clock() - oldest

    def state(self) -> SourceState:
        """Say how the readings go: whether any namespace is there and cannot be read, how long a slice took."""
        with self._lock:
            error = next(iter(self._broken.values()), "")
        return SourceState(self._name, up=not error, duration=self._slice_seconds, error=error)

    def step(self) -> float:
        """Read what is due; return in how many seconds something may be due again."""
        present = self._present = {(found.id, found.pid): found for found in self._containers() if found.pid}
        self._forget(self._tried.keys() - present.keys())
        new = [life for life in present if life not in self._tried]
        if new:
            self._read(new[:SLICE])
            return max(CATCH_UP_SECONDS, self._slice_seconds)
        now = self._clock()
        if now >= self._next_turn:
            slices = math.ceil(len(present) / SLICE) or 1
            self._read(list(islice(self._tried, math.ceil(len(present) / slices))))
            self._next_turn = now + max(self._interval / slices, RESTS * self._slice_seconds)
        return max(0.0, min(LOOK_SECONDS, self._next_turn - now))

    def _run(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                pause = self.step()
            except Exception:  # whoever tells the containers failed: the next look may go well
                log.exception("namespaces could not be read", collector=self._name)
                pause = LOOK_SECONDS

    def _forget(self, ended: Iterable[Life]) -> None:
        with self._lock:
            for life in ended:
                del self._tried[life]
                self._drop(life[0])
                self._broken.pop(life[0], None)

    def _drop(self, container_id: str) -> None:
        self._found.pop(container_id, None)
        self._read_at.pop(container_id, None)

    def _read(self, lives: Iterable[Life]) -> None:
        started = self._clock()
        for life in lives:
            found, error = self._try(self._present[life])
            now = self._clock()
            self._tried.pop(life, None)
            self._tried[life] = now
            with self._lock:
                self._take(life[0], found, now)
                self._note(life[0], error)
        self._slice_seconds = self._clock() - started

    def _try(self, container: Container) -> tuple[T | None, str]:
        try:
            return self._reader(container), ""
        except (OSError, SourceError) as error:
            return None, str(error)

    def _take(self, container_id: str, found: T | None, now: float) -> None:
        if found is None:
            self._drop(container_id)
        else:
            self._found[container_id], self._read_at[container_id] = found, now

    def _note(self, container_id: str, error: str) -> None:
        """Say once what is wrong with a container."""
        if error and container_id not in self._broken:
            log.warning("namespace could not be read", collector=self._name, container_id=container_id, error=error)
        if error:
            self._broken[container_id] = error
        else:
            self._broken.pop(container_id, None)
