"""Traffic: devices attributed to endpoints and networks, and the sums of their counters."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import EndedLink, NamespaceInterface, StatsRow
from exporter.core.model.memo import IdentityMemo
from exporter.core.topology.topology import EndpointKey, Topology
from exporter.core.traffic.bridge_split import Splits
from exporter.core.traffic.ledger import Ledger
from exporter.core.traffic.totals import Reading
from exporter.core.traffic.unknown import unknown_networks
from exporter.monitor.collector import Facts


class TrafficKernel(Protocol):
    """The kernel's side."""

    def read_interface_counters(self, wanted: tuple[NamespaceInterface, ...]) -> Sequence[Reading]:
        """Read counters inside containers."""

    def drain_ended(self) -> Sequence[EndedLink]:
        """Return the devices that ended since the last call."""


class TrafficPart(Struct, frozen=True):
    """Fields of an Observation; None when the counters could not be read."""

    endpoints: Mapping[EndpointKey, StatsRow] | None = None
    created: Mapping[EndpointKey, float] = field(default_factory=dict)
    networks: Mapping[str, StatsRow] | None = None
    splits: Mapping[str, StatsRow] | None = None
    rows: Mapping[int, StatsRow] | None = None


class TrafficCollector:
    """Keeps the sums. Ended devices are drained before devices are read: those that ended are then not among them."""

    def __init__(self, kernel: TrafficKernel) -> None:
        self._kernel = kernel
        self._ledger = Ledger()
        self._created = IdentityMemo(self._ledger.created)  # a sum begins when a topology is attributed
        self._splits = Splits()

    def drain_ended(self) -> None:
        """Take the final counters of the devices that ended."""
        self._ledger.end(self._kernel.drain_ended())

    def attribute(self, topology: Topology) -> None:
        """Take the owners of devices: a container may be gone before the next observation."""
        self._ledger.attribute(topology)

    def note_list(self, listed_at: float) -> None:
        """Take the Unix time of the engine's last full list."""
        self._ledger.note_list(listed_at)

    def update_inventory(self, inventory: Inventory) -> None:
        """Take the owners of addresses: of several inventories only the last one is joined to devices."""
        self._ledger.update_inventory(inventory)

    def collect(self, facts: Facts) -> TrafficPart:
        """Read what is read inside containers, and sum everything."""
        if facts.sample.stats is None:
            return TrafficPart()
        topology = facts.topology
        rows = {row[0]: row for row in facts.sample.stats}  # of a device read twice the later one
        self._ledger.read(list(rows.values()))
        inside = self._kernel.read_interface_counters(topology.readings) if topology.readings else ()
        self._ledger.read(inside)
        failed = {reading.key for reading in topology.readings}.difference(row[0] for row in inside)
        sums = self._ledger.endpoints(topology)
        endpoints = {key: sums[key] for _, key, reading in topology.counted if reading not in failed}
        bridges = {bridge.network.id: bridge.network.name for bridge in topology.bridges}
        networks = self._ledger.networks(network.id for network in topology.networks)
        unknown = unknown_networks(topology, endpoints)
        return TrafficPart(
            endpoints=endpoints,
            created=self._created(topology),
            networks={network_id: row for network_id, row in networks.items() if network_id not in unknown},
            splits=self._splits.split(bridges, networks, self._ledger.bridges(bridges)),
            rows=rows,
        )
