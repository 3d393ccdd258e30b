"""dockerd's options, read between scrapes: finding its process among all others takes milliseconds."""

import time
from collections.abc import Callable
from pathlib import Path

from exporter.core.nat.engine_options import EngineOptions
from exporter.kernel.firewall.engine_options import find_engines, read_engine_options
from exporter.kernel.periodic_reader import PeriodicReader

INTERVAL_SECONDS = 30.0
SEARCH_SECONDS = 300.0  # between two searches among all processes while the engine is there
NAME = "engine_options"


class OptionReader:
    """Reads in a thread once, and again only after a call of `latest`. Made in the host's network namespace."""

    def __init__(self, procfs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._procfs = procfs
        self._clock = clock
        self._engines: list[int] = []
        self._search_due = 0.0
        self._used = True
        self._read_before: EngineOptions | None = None
        self._reader = PeriodicReader(NAME, self._read, INTERVAL_SECONDS)

    def start(self) -> None:
        """Read once, then start the thread."""
        self._reader.read()
        self._reader.start()

    def stop(self) -> None:
        """End the thread."""
        self._reader.stop()

    def latest(self) -> EngineOptions | None:
        """Return the last reading, None where they are not known; another one follows within the interval."""
        self._used = True
        return self._reader.latest.value

    def _read(self) -> tuple[EngineOptions | None, str]:
        if self._used:
            self._used = False
            self._find_engines()
            self._read_before = read_engine_options(self._procfs, self._engines)
        return self._read_before, ""

    def _find_engines(self) -> None:
        """Look at the known one alone: a search opens a file of each process."""
        now, known = self._clock(), self._engines
        if not known or now >= self._search_due or find_engines(self._procfs, known) != known:
            self._engines, self._search_due = find_engines(self._procfs), now + SEARCH_SECONDS
