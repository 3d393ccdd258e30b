"""dockerd's options, read between scrapes: finding its process among all others takes milliseconds."""

from pathlib import Path

from exporter.core.nat.engine_options import EngineOptions
from exporter.kernel.firewall.engine_options import read_engine_options
from exporter.kernel.periodic_reader import PeriodicReader

INTERVAL_SECONDS = 30.0
NAME = "engine_options"


class OptionReader:
    """Reads in a thread once, and again only after a call of `latest`. Made in the host's network namespace."""

    def __init__(self, procfs: Path) -> None:
        self._procfs = procfs
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
            self._read_before = read_engine_options(self._procfs)
        return self._read_before, ""
