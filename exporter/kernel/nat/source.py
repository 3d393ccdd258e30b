"""NAT as one source of a sample: rules at each scrape, connections and dockerd's options between scrapes."""

from collections.abc import Callable, Iterable
from pathlib import Path

from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.nat.layout import families_of
from exporter.core.nat.reading import NatReading
from exporter.core.nat.ruleset import FAMILIES
from exporter.core.nat.view import NatSample
from exporter.errors import SourceError
from exporter.kernel.conntrack.sweep import FlowSweep
from exporter.kernel.nat.options import OptionReader
from exporter.kernel.nat.reader import NatReader
from exporter.kernel.read_source import timed

NO_NET_ADMIN = Degraded("nat", "no_net_admin", "grant CAP_NET_ADMIN: NAT rules and connections are unknown")


class NatSource:
    """Made and started in the host's network namespace."""

    def __init__(self, procfs: Path, on_change: Callable[[], None] = lambda: None) -> None:
        """`on_change` is called after each notified change of rules; it must not block."""
        self._rules = NatReader(procfs, on_change=on_change)
        self._flows = FlowSweep(procfs)
        self._refused = False
        self._options = OptionReader(procfs)

    def start(self) -> None:
        """Start to follow changes and connections."""
        self._rules.start()
        self._flows.start()
        self._options.start()

    def stop(self) -> None:
        """End the threads."""
        self._rules.stop()
        self._flows.stop()
        self._options.stop()

    def update_udp_ports(self, udp_ports: frozenset[int]) -> None:
        """Name the ports of UDP to which connections may be stale."""
        self._flows.update_udp_ports(udp_ports)

    def read(self, devices: Iterable[str]) -> tuple[NatSample, tuple[SourceState, ...]]:
        """Read the rules; `devices` are those whose forwarding switch is read."""
        reading, state = timed("nat", lambda: self._read(devices))
        flows, age = self._flows.snapshot()
        present = families_of(reading.docker) if reading is not None and reading.docker is not None else frozenset()
        options = self._options.latest() if reading is not None and not present.issuperset(FAMILIES) else None
        return NatSample(reading, flows, age, options), (state, self._flows.state())

    def degraded(self) -> tuple[Degraded, ...]:
        """Return what must be granted to see more."""
        return (NO_NET_ADMIN,) if self._refused else ()

    def _read(self, devices: Iterable[str]) -> NatReading:
        try:
            reading = self._rules.read(devices)
        except SourceError as error:
            self._refused = error.reason == NO_NET_ADMIN.reason
            raise
        self._refused = False
        return reading
