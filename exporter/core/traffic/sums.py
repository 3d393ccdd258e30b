"""Three sums over the same readings: by endpoint, by network, and by the bridge device of a network.

A network never loses a byte, whichever container sent it.
"""

from collections.abc import Hashable

from exporter.core.model.kernel_sample import ZERO_ROW, StatsRow
from exporter.core.topology.topology import EndpointKey, Topology
from exporter.core.traffic.owners import Owners
from exporter.core.traffic.totals import Readings, Totals


class TrafficSums:
    """Keyed by ids, so that a network's counters follow it when its label changes."""

    def __init__(self) -> None:
        self.readings = Readings()
        self.endpoints: Totals[EndpointKey] = Totals(self.readings)
        self.networks: Totals[str] = Totals(self.readings)
        self.bridges: Totals[str] = Totals(self.readings)

    def finish(self, key: Hashable, final: StatsRow = ZERO_ROW) -> StatsRow:
        """Add a reading that has ended to every sum that it belongs to; an unknown one changes nothing."""
        if key not in self.readings.rows:
            return ZERO_ROW
        row = self.readings.end(key, final)
        for totals in (self.endpoints, self.networks, self.bridges):
            totals.close(key, row)
        return row

    def settle(self, topology: Topology, owners: Owners) -> None:
        """Leave the sums of what was removed to the next container or network of the same name."""
        containers, networks = topology.inventory.containers, topology.inventory.networks
        endpoints = {
            (container_id, network_id): (containers[container_id].name, networks[network_id].name)
            for container_id, network_id in (*self.endpoints.live, *(key for _, key, _ in topology.counted))
            if container_id in containers and network_id in networks
        }
        self.endpoints.settle(endpoints, owners.endpoint_label, owners.max_gone)
        names = {network.id: network.name for network in networks.values()}
        for totals in (self.networks, self.bridges):
            totals.settle(names, owners.network_label, owners.max_gone)
