"""Devices that are gone: their final counters, added to the sums of the endpoint and the network that they were of."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.kernel_sample import ZERO_ROW, EndedLink, StatsRow, swapped
from exporter.core.traffic.owners import Owners
from exporter.core.traffic.sums import TrafficSums

# How many full lists may come before the bridge of a veth that ended is taken for none of the engine's.
MAX_LISTS = 2


class Place(NamedTuple):
    """Where a device inside a container is: its network's id, and its MAC address."""

    network_id: str
    mac_address: str


class EndedLinks:
    """Attributes devices that ended. A device of a container comes back to the host's namespace in its last moment."""

    def __init__(self, sums: TrafficSums, owners: Owners) -> None:
        self._sums = sums
        self._owners = owners
        self._inside: dict[str, Place] = {}  # by the key of the reading
        self._closed: BoundedDict[Place, StatsRow] = BoundedDict(owners.max_gone)  # what was counted of it
        self._unclaimed: list[tuple[EndedLink, int]] = []  # with the number of full lists before
        self._lists = 0
        self._listed_at = 0.0

    def end(self, ended: Iterable[EndedLink]) -> None:
        """Take the final counters of devices that are gone."""
        for link in ended:
            if link.link.kind == "bridge":
                self._sums.finish(link.link.ifindex, link.stats)
            elif link.master:
                self._end_port(link, self._lists)
            else:
                self._end_returned(link)
        del self._unclaimed[: -self._owners.max_gone]

    def read_inside(self, key: str, network_id: str, mac_address: str) -> None:
        """Take where the device of a reading inside a container is."""
        self._inside[key] = Place(network_id, mac_address)

    def end_inside(self, present: AbstractSet[str]) -> None:
        """End readings that are not made any more, with their last counters: no final counters were received."""
        for key in self._inside.keys() - present:
            self._closed[self._inside.pop(key)] = self._sums.finish(key)

    def note_list(self, listed_at: float) -> None:
        """Take the Unix time of the last full list, whether it found a change or not."""
        if listed_at > self._listed_at:
            self._lists += 1
            self._listed_at = listed_at

    def retry(self, listed_at: float) -> None:
        """Attribute the veths whose network is known by now; `listed_at` is the time of the last list with a change."""
        self.note_list(listed_at)
        unclaimed, self._unclaimed = self._unclaimed, []
        for link, lists in unclaimed:
            if self._lists < lists + MAX_LISTS:
                self._end_port(link, lists)

    def _end_port(self, ended: EndedLink, lists: int) -> None:
        key = ended.link.ifindex
        network_id = self._sums.networks.group_of(key) or self._owners.network_of(ended.master)
        if network_id is None:
            # A network that the engine has not listed yet, or a bridge of another program.
            self._unclaimed.append((ended, lists))
            return
        self._sums.networks.track(key, network_id)
        container_id = self._owners.container_of(network_id, ended.peer_mac)
        if key not in self._sums.endpoints and container_id is not None:
            self._sums.endpoints.track(key, (container_id, network_id))
        self._sums.finish(key, ended.stats)

    def _end_returned(self, ended: EndedLink) -> None:
        """A container's own device counts from the container's view."""
        final = swapped(ended.stats)
        for container_id, network_id in list(self._owners.endpoints_with(ended.link.mac_address)):
            place = Place(network_id, ended.link.mac_address)
            key = next((key for key, known in self._inside.items() if known == place), None)
            if key is not None:
                del self._inside[key]
                self._sums.finish(key, final)
            elif not self._owners.has_bridge(network_id):
                counted = self._closed.pop(place, ZERO_ROW)
                rest = tuple(max(0, now - before) for now, before in zip(final, counted, strict=True))
                self._sums.networks.add(network_id, rest)
                self._sums.endpoints.add((container_id, network_id), rest)
