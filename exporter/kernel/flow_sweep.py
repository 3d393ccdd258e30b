"""Read the connection table beside the scrapes, as often as it costs little."""

import threading
import time
from pathlib import Path

import structlog

from exporter.core.nat.flows import Flows
from exporter.core.sample import SourceState
from exporter.kernel.conntrack_flows import open_flows, read_flows

INTERVAL_SECONDS = 15.0
LONGEST_SECONDS = 120.0
SHARE = 300  # it pauses for so many times as long as it took: a third of a percent of a core
STOP_SECONDS = 0.5

log = structlog.get_logger(component="conntrack")


class FlowSweep:
    """A thread that reads. Made in the host's network namespace."""

    def __init__(self, procfs: Path) -> None:
        self._table = procfs / "sys/net/netfilter/nf_conntrack_count"
        self._socket = open_flows()
        self._ports: frozenset[int] = frozenset()
        self._lock = threading.Lock()
        self._flows: Flows | None = None
        self._read_at = 0.0
        self._state = SourceState("conntrack_flows", up=True)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="conntrack", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread.ident:
            self._thread.join(STOP_SECONDS)

    def watch_for(self, udp_ports: frozenset[int]) -> None:
        """Name the ports of UDP to which flows may be stuck; from the next reading on."""
        self._ports = udp_ports

    def snapshot(self) -> tuple[Flows | None, float]:
        """Return the last reading and its age in seconds; None before the first, or where it may not be read."""
        with self._lock:
            return self._flows, time.monotonic() - self._read_at

    def state(self) -> SourceState:
        """Say how the last reading went."""
        with self._lock:
            return self._state

    def step(self) -> float:
        """Read once; return in how many seconds it is time again."""
        started = time.monotonic()
        error, flows = "", None
        try:
            flows = read_flows(self._socket, self._ports) if self._table.exists() else Flows()
        except OSError as failure:
            error = failure.strerror or str(failure)
        now = time.monotonic()
        with self._lock:
            self._flows, self._read_at = flows, now
            self._state = SourceState("conntrack_flows", up=not error, duration=now - started, error=error)
        return min(LONGEST_SECONDS, max(INTERVAL_SECONDS, SHARE * (now - started)))

    def _run(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                pause = self.step()
            except Exception:  # an entry of no known form: the next reading may go well
                log.exception("connection table could not be read")
                pause = INTERVAL_SECONDS
        self._socket.close()
