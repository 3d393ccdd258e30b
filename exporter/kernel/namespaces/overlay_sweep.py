"""Read the hidden namespaces of overlays and of the routing mesh between scrapes, each once in ten seconds."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.model.memo import keep_equal
from exporter.core.topology.overlay import NO_OVERLAYS, OverlayReading, OverlayRows, ingress_namespace
from exporter.errors import SourceError
from exporter.kernel.namespaces.hidden import NO_SYS_ADMIN, NOT_MOUNTED
from exporter.kernel.namespaces.ipvs import read_real_servers
from exporter.kernel.namespaces.overlay import read_overlay
from exporter.kernel.periodic_reader import PeriodicReader

INTERVAL_SECONDS = 10.0
NAME = "overlay"
HIDDEN_OVERLAYS = (
    Degraded(NAME, NO_SYS_ADMIN, "grant CAP_SYS_ADMIN: overlays' peers are unknown"),
    Degraded(NAME, NOT_MOUNTED, "mount the engine's netns directory: overlays' peers are unknown"),
)
FAILED = OverlayReading({}, complete=False)

T = TypeVar("T")


class OverlayPass(Struct, frozen=True):
    """One pass over all overlays; `hidden` are the reasons for which namespaces cannot be entered."""

    reading: OverlayReading = NO_OVERLAYS
    hidden: frozenset[str] = frozenset()


class OverlaySweep:
    """Reads in a thread, which starts with the first overlay."""

    def __init__(
        self,
        interval: float = INTERVAL_SECONDS,
        read: Callable[[Path], OverlayRows | None] = read_overlay,
        read_ipvs: Callable[[Path], frozenset[str] | None] = read_real_servers,
    ) -> None:
        self._read_overlay = read
        self._read_ipvs = read_ipvs
        self._files: Mapping[str, str] = {}
        self._reading = NO_OVERLAYS
        self._reader = PeriodicReader(NAME, self._read, interval)

    def start(self) -> None:
        """Do nothing: the thread starts with the first overlay."""

    def update_files(self, files: Mapping[str, str]) -> None:
        """Set what is read, and read it at once: network id -> the file of its hidden namespace."""
        if files == self._files:
            return
        self._files = files
        if self._reader.started:
            self._reader.wake()
        else:
            self._reader.start()

    def stop(self) -> None:
        """End the thread."""
        self._reader.stop()

    def reading(self) -> OverlayReading:
        """Return the last reading: the same object while nothing changed. What was not read yet is left out."""
        latest = self._reader.latest
        if latest.value is None:
            return NO_OVERLAYS if latest.state.up else FAILED
        return latest.value.reading

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what must be granted to enter all namespaces."""
        latest = self._reader.latest
        hidden = latest.value.hidden if latest.value else frozenset()
        return tuple(degraded for degraded in HIDDEN_OVERLAYS if degraded.reason in hidden)

    def state(self) -> tuple[SourceState, ...]:
        """Return how the last pass went; nothing where there is no overlay."""
        latest = self._reader.latest
        unread = latest.value is None and latest.state.up
        return (latest.state,) if self._files and not unread else ()

    def step(self, files: Mapping[str, str]) -> None:
        """Read all of them once."""
        self._files = files
        self._reader.read()

    def _read(self) -> tuple[OverlayPass, str]:
        faults = _Faults()
        overlays = {name: faults.read(self._read_overlay, path) for name, path in self._files.items()}
        found = {name: rows for name, rows in overlays.items() if rows is not None}
        complete = not (faults.hidden or faults.error)
        servers = faults.read(self._read_ipvs, ingress_namespace(self._files.values()))
        self._reading = keep_equal(self._reading, OverlayReading(found, servers, complete=complete))
        return OverlayPass(self._reading, frozenset(faults.hidden)), faults.error


class _Faults:
    """What went wrong in a pass."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()
        self.error = ""

    def read(self, read: Callable[[Path], T | None], path: str) -> T | None:
        """Read a namespace; None where that fails."""
        try:
            return read(Path(path)) if path else None
        except SourceError as refusal:
            self.hidden.add(refusal.reason)
        except OSError as failure:
            self.error = f"{path}: {failure}"
        return None
