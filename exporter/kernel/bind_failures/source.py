"""Failed binds as one source: active where the program can be loaded, else degraded with what is missing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.ports.bind_failures import RefusedBind
from exporter.errors import SourceError
from exporter.kernel.bind_failures.attachment import ALL, QUIET
from exporter.kernel.bind_failures.watcher import BindFailures
from exporter.kernel.read_source import timed
from exporter.log import get_logger

NAME = "bind_failures"
DETAILS = {
    "no_bpf": "grant CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN: failed binds are not counted",
    "no_btf": "make /sys/kernel/btf visible: failed binds are not counted",
    "no_probes": (
        "the kernel allows neither fexit nor kprobes; --collector.bind-failures=tracepoint adds about 0.1 us to every "
        "system call of the host: failed binds are not counted"
    ),
    "no_tracefs": "mount /sys/kernel/tracing, or grant CAP_SYS_ADMIN: failed binds are not counted",
    "unsupported": "kernel too old (needs Linux 5.15): failed binds are not counted",
}

log = get_logger(component="bind_failures")


class BindSource:
    """Made and started in the host's network namespace. `loaded` says whether it counts.

    `tracepoints` permits the tracepoints of the system calls where the kernel allows nothing else.
    """

    def __init__(self, sysfs: Path, *, tracepoints: bool = False) -> None:
        self._failures = BindFailures(sysfs, ALL if tracepoints else QUIET)
        self._missing: tuple[Degraded, ...] = ()
        self._lost = 0
        self.loaded = False
        self.host_netns = Path("/proc/thread-self/ns/net").stat().st_ino

    def start(self) -> None:
        """Load the program; a refusal is not an error but a Degraded value."""
        try:
            self._failures.open()
            self.loaded = True
        except SourceError as error:
            log.info("program not loaded", reason=error.reason, detail=str(error))
            self._missing = (Degraded(NAME, error.reason, DETAILS.get(error.reason, str(error))),)

    def stop(self) -> None:
        """Unload it."""
        self._failures.close()
        self.loaded = False

    def drain(self) -> tuple[Sequence[RefusedBind] | None, SourceState]:
        """Return the binds that failed since the last call, and how reading them went."""
        return timed(NAME, self._drain)

    def lost(self) -> int:
        """Return the upper bound of uncounted failures, as of the last call."""
        return self._lost

    def attached(self) -> Mapping[str, str]:
        """Return how each program is attached, by its name."""
        return self._failures.attached()

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what must be granted."""
        return self._missing

    def _drain(self) -> Sequence[RefusedBind]:
        refused = self._failures.drain()
        self._lost = self._failures.lost()
        return refused
