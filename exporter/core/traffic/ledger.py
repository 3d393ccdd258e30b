"""Who moved what, over restarts, reconnects, recreations and lives shorter than a scrape interval.

Three sums over the same readings: by container and network, by network alone (a network never loses a byte, whoever
sent it), and by the bridge device of a network. Values are the host's view of a veth; a reading from inside a
container is turned round before it gets here.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import NOTHING, EndedLink, StatsRow, swapped
from exporter.core.topology.topology import Topology
from exporter.core.traffic.totals import Reading, Readings, Totals

# How many names that are gone are remembered, should one come back: compose recreates under the same name.
REMEMBERED = 4096

# How many full lists may come before the bridge of a veth that ended is taken for none of Docker's.
LISTS = 2

Account = tuple[str, str]  # container id, network name


class Ledger:
    """All sums. Told of topologies, readings and ends; never asks."""

    def __init__(self) -> None:
        self._readings = Readings()
        self._accounts: Totals[Account] = Totals(self._readings)
        self._networks: Totals[str] = Totals(self._readings)
        self._bridges: Totals[str] = Totals(self._readings)
        self._names: dict[Account, str] = {}
        self._began: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._left_behind: OrderedDict[tuple[str, str], StatsRow] = OrderedDict()
        self._claims: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._network_of_bridge: OrderedDict[str, str] = OrderedDict()
        self._inside: dict[str, tuple[str, str]] = {}  # key of a reading inside -> network, MAC address
        self._closed: OrderedDict[tuple[str, str], StatsRow] = OrderedDict()  # what of it was counted, and ended
        self._unclaimed: list[tuple[EndedLink, int]] = []  # with how many full lists had come before
        self._lists = 0
        self._listed_at = 0.0

    def attribute(self, topology: Topology) -> None:
        """Open accounts for what is attached, close those of containers that were removed."""
        self._remember_claims(topology)
        for bridge in topology.bridges:
            self._bridges.track(bridge.link.ifindex, bridge.network.name)
        for port in topology.ports:
            self._networks.track(port.link.ifindex, port.bridge.network.name)
        for attachment, key in topology.counted:
            account = (attachment.container.id, attachment.network.name)
            self._accounts.track(key, account)
            self._networks.track(key, attachment.network.name)
            if attachment.reading is not None and attachment.endpoint is not None:
                self._inside[attachment.reading.key] = attachment.network.name, attachment.endpoint.mac_address
            name = (attachment.container.name, attachment.network.name)
            self._began.setdefault(name, attachment.container.created)
            self._began.move_to_end(name)  # what lives is the last to be forgotten
        self._end_inside(topology)
        self._settle(topology.inventory.containers)
        self._retry(topology.inventory.synced_at)

    def read(self, rows: Sequence[Reading]) -> None:
        """Take a reading of devices, or one from inside containers."""
        self._readings.read(rows)

    def end(self, ended: Iterable[EndedLink]) -> None:
        """Take the final counters of devices that are gone."""
        for link in ended:
            if link.link.kind == "bridge":
                self._finish(link.link.ifindex, link.stats)
            elif link.master:
                self._end_port(link, self._lists)
            else:
                self._end_returned(link)
        del self._unclaimed[:-REMEMBERED]

    def _retry(self, listed_at: float) -> None:
        """See whether the network of a veth that ended is known by now."""
        self._lists += listed_at != self._listed_at
        self._listed_at = listed_at
        unclaimed, self._unclaimed = self._unclaimed, []
        for link, lists in unclaimed:
            if self._lists < lists + LISTS:
                self._end_port(link, lists)

    def endpoints(self, topology: Topology) -> list[StatsRow]:
        """Return the sum of each counted attachment, in their order."""
        return [self._accounts.total((a.container.id, a.network.name)) for a, _ in topology.counted]

    def began(self, topology: Topology) -> list[float]:
        """Return when the sum of each counted attachment began (Unix time): with the first container of its name."""
        return [self._began[a.container.name, a.network.name] for a, _ in topology.counted]

    def networks(self, names: Iterable[str]) -> list[StatsRow]:
        """Return the sum over all endpoints that each network ever had."""
        return [self._networks.total(name) for name in names]

    def bridges(self, names: Iterable[str]) -> list[StatsRow]:
        """Return the sum over the bridge devices that each network ever had."""
        return [self._bridges.total(name) for name in names]

    def _end_port(self, ended: EndedLink, lists: int) -> None:
        key = ended.link.ifindex
        network = self._networks.group_of(key) or self._network_of_bridge.get(ended.master)
        if network is None:
            # Its network was made a moment ago, and Docker has not told of it yet; or the bridge is somebody else's.
            self._unclaimed.append((ended, lists))
            return
        self._networks.track(key, network)
        owner = self._claims.get((network, ended.peer_mac))
        if key not in self._accounts and owner is not None:
            self._accounts.track(key, (owner, network))
        self._finish(key, ended.stats)

    def _end_returned(self, ended: EndedLink) -> None:
        """A container's own device, back in our namespace for its last moment, with the container's own view."""
        final = swapped(ended.stats)
        for (network, mac_address), owner in self._claims.items():
            if mac_address != ended.link.mac_address:
                continue
            key = next((key for key, place in self._inside.items() if place == (network, mac_address)), None)
            if key is not None:
                del self._inside[key]
                self._finish(key, final)
            elif network not in self._network_of_bridge.values():
                counted = self._closed.pop((network, mac_address), NOTHING)
                rest = tuple(max(0, now - before) for now, before in zip(final, counted, strict=True))
                self._networks.add(network, rest)
                self._accounts.add((owner, network), rest)

    def _end_inside(self, topology: Topology) -> None:
        """Readings inside that are no longer asked for and of whose end no message came: the last one stands."""
        present = {reading.key for reading in topology.readings}
        for key in self._inside.keys() - present:
            self._closed[self._inside.pop(key)] = self._finish(key)

    def _remember_claims(self, topology: Topology) -> None:
        """Keep who has, or last had, an address on a network: the owner of a life too short for an inspect."""
        inventory = topology.inventory
        for network in inventory.networks.values():
            if network.bridge:
                self._network_of_bridge[network.bridge] = network.name
                self._network_of_bridge.move_to_end(network.bridge)
            for member in inventory.members.get(network.id, ()):
                self._claim(network.name, member.mac_address, member.container_id)
        for container in inventory.containers.values():
            for endpoint in container.endpoints:
                self._claim(endpoint.network, endpoint.mac_address, container.id)
        for memory in (self._claims, self._network_of_bridge, self._closed, self._began):
            _shorten(memory)

    def _claim(self, network: str, mac_address: str, container_id: str) -> None:
        if mac_address:
            self._claims[network, mac_address] = container_id
            self._claims.move_to_end((network, mac_address))

    def _finish(self, key: Hashable, final: StatsRow = NOTHING) -> StatsRow:
        """Leave a reading to every sum that it belongs to; one that belongs to none changes nothing."""
        if key not in self._readings.rows:
            return NOTHING
        row = self._readings.end(key, final)
        for totals in (self._accounts, self._networks, self._bridges):
            totals.close(key, row)
        return row

    def _settle(self, containers: Mapping[str, Container]) -> None:
        """Follow names: what a removed container counted goes to the next one of its name."""
        heirs: dict[tuple[str, str], Account] = {}
        for account in list(self._accounts.groups):
            container_id, network = account
            container = containers.get(container_id)
            if container is not None:
                self._names[account] = container.name
                heirs[container.name, network] = account
            elif not self._accounts.groups[account].keys:
                name = self._names.pop(account, container_id)
                base = self._accounts.groups.pop(account).base
                self._left_behind[name, network] = _sum(self._left_behind.get((name, network)), base)
        for place in self._left_behind.keys() & heirs.keys():
            self._accounts.add(heirs[place], self._left_behind.pop(place))
        _shorten(self._left_behind)
        self._networks.prune(REMEMBERED)
        self._bridges.prune(REMEMBERED)


def _shorten(memory: OrderedDict[Any, Any]) -> None:
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)


def _sum(first: StatsRow | None, second: StatsRow) -> StatsRow:
    return second if first is None else tuple(a + b for a, b in zip(first, second, strict=True))
