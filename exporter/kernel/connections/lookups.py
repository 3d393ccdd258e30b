"""Lookups of the embedded DNS as one source, read between scrapes: each namespace is entered for it."""

from collections.abc import Mapping
from pathlib import Path

from exporter.core.connections.lookups import DnsLookups
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.errors import SourceError
from exporter.kernel.namespaces.dns_lookups import NO_NET_ADMIN, NO_SYS_ADMIN, LookupReading, read_dns_lookups
from exporter.kernel.namespaces.sweep import Sweep

INTERVAL_SECONDS = 15.0
RESTS = 100  # times what a slice took: at most a hundredth of a CPU, however many namespaces there are
REFUSALS = {
    reason: Degraded("connections", reason, f"grant {right}: lookups of the embedded DNS are not counted")
    for reason, right in ((NO_SYS_ADMIN, "CAP_SYS_ADMIN and CAP_SYS_PTRACE"), (NO_NET_ADMIN, "CAP_NET_ADMIN"))
}


class LookupSource:
    """Reads in a thread."""

    def __init__(self, procfs: Path, interval: float = INTERVAL_SECONDS) -> None:
        self._procfs = procfs
        self._sweep = Sweep("dns_lookups", self._read, interval, rests=RESTS)

    def start(self) -> None:
        """Start the thread."""
        self._sweep.start()

    def stop(self) -> None:
        """End the thread."""
        self._sweep.stop()

    def update_inventory(self, inventory: Inventory) -> None:
        """Set whose namespaces are read."""
        self._sweep.update(sandboxed(inventory))

    def latest(self) -> tuple[Mapping[str, DnsLookups], SourceState]:
        """Return the last readings by container id, of those that the embedded DNS answers, and how they go."""
        readings, _ = self._sweep.snapshot()
        found = {key: reading.found for key, reading in readings.items() if reading.found is not None}
        return found, self._sweep.state()

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what must be granted."""
        readings, _ = self._sweep.snapshot()
        return tuple(REFUSALS[reason] for reason in sorted({r.refused for r in readings.values() if r.refused}))

    def _read(self, container: Container, known: LookupReading | None) -> LookupReading | None:
        try:
            return read_dns_lookups(self._procfs, container, known)
        except SourceError as error:
            if error.reason not in REFUSALS:
                raise
            return LookupReading(None, refused=error.reason)
