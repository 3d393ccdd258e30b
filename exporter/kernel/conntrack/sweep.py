"""Read the connection table beside the scrapes: published connections often, all of it as often as it costs little."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import structlog

from exporter.core.model.kernel_sample import SourceState
from exporter.core.nat.flows import Flows
from exporter.kernel.conntrack.flows import open_flows, read_flows, read_published

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
        self._read_at = 0.0  # all of it
        self._whole_at = 0.0  # the next time
        self._asked: frozenset[int] = frozenset()  # of the ports, those that were named at the last time
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
        """Name the ports of UDP to which flows may be stuck; a new one makes the next reading a whole one."""
        self._ports = udp_ports

    def snapshot(self) -> tuple[Flows | None, float]:
        """Return the last reading, and for how many seconds the whole is old.

        None before the first, or where it may not be read.
        """
        with self._lock:
            return self._flows, time.monotonic() - self._read_at

    def state(self) -> SourceState:
        """Say how the last reading went."""
        with self._lock:
            return self._state

    def step(self) -> None:
        """Read once: all of it when that is due, or for a port that is new."""
        started, ports = time.monotonic(), self._ports
        known = self._flows if started < self._whole_at and ports <= self._asked else None
        error, flows = "", None
        try:
            flows = self._read(known, ports)
        except OSError as failure:
            error = failure.strerror or str(failure)
        now = time.monotonic()
        pause = min(LONGEST_SECONDS, max(INTERVAL_SECONDS, SHARE * (now - started)))
        with self._lock:
            self._flows = flows
            if known is None:
                self._read_at, self._whole_at, self._asked = now, now + pause, ports
            self._state = SourceState("conntrack_flows", up=not error, duration=now - started, error=error)

    def _read(self, known: Flows | None, ports: frozenset[int]) -> Flows:
        """Read everything, or into what is known only the published connections."""
        if not self._table.exists():
            return Flows()
        if known is None:
            return read_flows(self._socket, ports)
        return replace(known, published=read_published(self._socket))

    def _run(self) -> None:
        while True:
            try:
                self.step()
            except Exception:  # an entry of no known form: the next reading may go well
                log.exception("connection table could not be read")
            if self._stopped.wait(INTERVAL_SECONDS):
                break
        self._socket.close()
