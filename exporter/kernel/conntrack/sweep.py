"""Read the connection table between scrapes: published connections often, the whole table at a bounded cost."""

import time
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.kernel_sample import SourceState
from exporter.core.nat.flows import Flows
from exporter.errors import SourceError
from exporter.kernel.conntrack.flows import open_flows, read_flows, read_published
from exporter.kernel.periodic_reader import PeriodicReader

INTERVAL_SECONDS = 30.0  # the kernel walks a table of a quarter of a million places in 9 ms, however empty it is
MAX_INTERVAL_SECONDS = 120.0
PAUSE_RATIO = 300  # pause after a full reading per second that it took: a third of a percent of a core
SETTLE_SECONDS = 1.0  # from a new port to the reading
NAME = "conntrack_flows"


class FlowReading(Struct, frozen=True):
    """All flows, in full as of `read_at` (monotonic clock); published connections are newer."""

    flows: Flows
    read_at: float


class FlowSweep:
    """Reads in a thread. Made in the host's network namespace."""

    def __init__(self, procfs: Path, interval: float = INTERVAL_SECONDS) -> None:
        """`interval` are the seconds between two readings."""
        self._interval = interval
        self._table = procfs / "sys/net/netfilter/nf_conntrack_count"
        self._socket = open_flows()
        self._ports: frozenset[int] = frozenset()
        self._full: FlowReading | None = None
        self._full_due = 0.0
        self._full_ports: frozenset[int] = frozenset()  # the UDP ports of the last full reading
        self._reader = PeriodicReader(NAME, self._read, interval, SETTLE_SECONDS)

    def start(self) -> None:
        """Start the thread."""
        self._reader.start()

    def stop(self) -> None:
        """End the thread and close the socket."""
        if self._reader.stop():
            self._socket.close()

    def update_udp_ports(self, udp_ports: frozenset[int]) -> None:
        """Set the UDP ports whose connections may be stale; for a new one all is read soon."""
        new, self._ports = udp_ports - self._ports, udp_ports
        if new:
            self._reader.wake()

    def snapshot(self) -> tuple[Flows | None, float]:
        """Return the last reading, None before the first and after a failure; the age of its full part in seconds."""
        latest, now = self._reader.latest, time.monotonic()
        return (latest.value.flows, now - latest.value.read_at) if latest.value else (None, now - latest.at)

    def state(self) -> SourceState:
        """Return how the last reading went."""
        return self._reader.latest.state

    def step(self) -> None:
        """Read once: all of it when that is due, or for a new port."""
        self._reader.read()

    def _read(self) -> tuple[FlowReading, str]:
        started, ports = time.monotonic(), self._ports
        known = self._full if started < self._full_due and ports <= self._full_ports else None
        self._full = None
        try:
            flows = self._read_flows(known, ports)
        finally:
            now = time.monotonic()
            if known is None:
                pause = min(MAX_INTERVAL_SECONDS, max(self._interval, PAUSE_RATIO * (now - started)))
                self._full_due, self._full_ports = now + pause, ports
        self._full = FlowReading(flows, known.read_at if known else now)
        return self._full, ""

    def _read_flows(self, known: FlowReading | None, ports: frozenset[int]) -> Flows:
        """Read everything, or only the published connections where the rest is known."""
        if not self._table.exists():
            return Flows()
        try:
            if known is None:
                return read_flows(self._socket, ports)
            return replace(known.flows, published=read_published(self._socket))
        except PermissionError as error:
            raise SourceError("no_net_admin", "reading tracked connections needs CAP_NET_ADMIN") from error
