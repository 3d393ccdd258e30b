"""Keep what is read in overlays' hidden namespaces fresh beside the scrapes: each is entered once in ten seconds."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from exporter.core.model.kernel_sample import SourceState
from exporter.core.topology.overlay import NO_OVERLAYS, OverlayReading, OverlayRows
from exporter.errors import SourceError
from exporter.kernel.namespaces.overlay import read_overlay

INTERVAL_SECONDS = 10.0
STOP_SECONDS = 0.5

log = structlog.get_logger(component="overlay")


class OverlaySweep:
    """A thread that reads what it is told to follow; there is none before the first overlay."""

    def __init__(
        self, interval: float = INTERVAL_SECONDS, read: Callable[[Path], OverlayRows | None] = read_overlay
    ) -> None:
        self._interval = interval
        self._read = read
        self._files: Mapping[str, str] = {}
        self._reading = NO_OVERLAYS
        self._hidden: frozenset[str] = frozenset()
        self._state: tuple[SourceState, ...] = ()
        self._due = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def follow(self, files: Mapping[str, str]) -> None:
        """Read these from now on, at once: network id -> the file of its hidden namespace."""
        if files == self._files:
            return
        self._files = files
        self._due.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="overlays", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; it is a daemon, should the kernel hold it up."""
        self._stopped = True
        self._due.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def reading(self) -> OverlayReading:
        """Return what was read last: the same object while nothing changed. What was not read yet is left out."""
        return self._reading

    def hidden(self) -> frozenset[str]:
        """Return the reasons for which namespaces cannot be entered."""
        return self._hidden

    def state(self) -> tuple[SourceState, ...]:
        """Say how the last pass went; nothing where there is no overlay."""
        return self._state

    def step(self, files: Mapping[str, str]) -> None:
        """Read all of them once."""
        started = time.monotonic()
        found: dict[str, OverlayRows] = {}
        hidden: set[str] = set()
        error = ""
        for network_id, path in files.items():
            try:
                rows = self._read(Path(path))
            except SourceError as refusal:
                hidden.add(refusal.reason)
            except OSError as failure:
                error = f"{path}: {failure}"
            else:
                if rows is not None:
                    found[network_id] = rows
        reading = OverlayReading(found, complete=not (hidden or error))
        if reading != self._reading:
            self._reading = reading
        self._hidden = frozenset(hidden)
        state = SourceState("overlay", up=not error, duration=time.monotonic() - started, error=error)
        self._state = (state,) if files else ()

    def _run(self) -> None:
        while not self._stopped:
            self._due.clear()
            try:
                self.step(self._files)
            except Exception:  # one pass that went wrong must not end the following
                log.exception("overlays could not be read")
            self._due.wait(self._interval)
