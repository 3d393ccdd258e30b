"""Traffic totals that survive restarts, reconnects, recreations and lives shorter than a scrape interval.

Values are the host's view of a veth; a reading from inside a container is swapped before it gets here.
"""

from collections.abc import Iterable, Mapping, Sequence

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import EndedLink, StatsRow
from exporter.core.topology.topology import EndpointKey, Topology
from exporter.core.traffic.ended_links import EndedLinks
from exporter.core.traffic.owners import MAX_GONE, Owners
from exporter.core.traffic.sums import TrafficSums
from exporter.core.traffic.totals import Reading


class Ledger:
    """All sums. Ended devices are taken before the topology without them, a topology before its readings."""

    def __init__(self, max_gone: int = MAX_GONE) -> None:
        self._sums = TrafficSums()
        self._owners = Owners(max_gone)
        self._ended = EndedLinks(self._sums, self._owners)

    def update_inventory(self, inventory: Inventory) -> None:
        """Take the owners of addresses."""
        self._owners.update(inventory)

    def note_list(self, listed_at: float) -> None:
        """Take the Unix time of the engine's last full list."""
        self._ended.note_list(listed_at)

    def attribute(self, topology: Topology) -> None:
        """Track the devices of a topology, and settle the sums of containers and networks that were removed."""
        self._owners.update(topology.inventory)
        for bridge in topology.bridges:
            self._sums.bridges.track(bridge.link.ifindex, bridge.network.id)
        for port in topology.ports:
            self._sums.networks.track(port.link.ifindex, port.bridge.network.id)
        for attachment, key, reading in topology.counted:
            self._sums.endpoints.track(reading, key, attachment.container.created)
            self._sums.networks.track(reading, attachment.network.id)
            if attachment.reading is not None and attachment.endpoint is not None:
                mac_address = attachment.endpoint.mac_address
                self._ended.read_inside(attachment.reading.key, attachment.network.id, mac_address)
        self._ended.end_inside({reading.key for reading in topology.readings})
        self._sums.settle(topology, self._owners)
        self._ended.retry(topology.inventory.synced_at)

    def read(self, rows: Sequence[Reading]) -> None:
        """Take a reading of devices, or one from inside containers."""
        self._sums.readings.read(rows)

    def end(self, ended: Iterable[EndedLink]) -> None:
        """Take the final counters of devices that are gone."""
        self._ended.end(ended)

    def endpoints(self, topology: Topology) -> dict[EndpointKey, StatsRow]:
        """Return the sum of each counted attachment."""
        total = self._sums.endpoints.total
        return {key: total(key) for _, key, _ in topology.counted}

    def created(self, topology: Topology) -> Mapping[EndpointKey, float]:
        """Return when the sum of each counted attachment began (Unix time): with the first container of its name."""
        created = self._sums.endpoints.created
        return {key: created(key, attachment.container.created) for attachment, key, _ in topology.counted}

    def networks(self, ids: Iterable[str]) -> dict[str, StatsRow]:
        """Return the sum over all endpoints that each network ever had."""
        return {network_id: self._sums.networks.total(network_id) for network_id in ids}

    def bridges(self, ids: Iterable[str]) -> dict[str, StatsRow]:
        """Return the sum over the bridge devices that each network ever had."""
        return {network_id: self._sums.bridges.total(network_id) for network_id in ids}
