"""Who has, or last had, a MAC address on a network: the owner of a life that is too short for an inspect.

Removed containers and networks are remembered, so that a device that ends after them is still attributed.
"""

from collections.abc import Iterator

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Inventory
from exporter.core.topology.topology import EndpointKey

EndpointLabel = tuple[str, str]  # the names of both, as labels show them

# How many that are gone are remembered, should one come back: compose recreates under the same name.
MAX_GONE = 4096


class Owners:
    """Updated with each inventory."""

    def __init__(self, max_gone: int = MAX_GONE) -> None:
        self.max_gone = max_gone
        self._latest: Inventory | None = None
        self._containers: BoundedDict[tuple[str, str], str] = BoundedDict(self.max_gone)  # by network id, MAC address
        self._networks: BoundedDict[str, str] = BoundedDict(self.max_gone)  # network id by its bridge's name
        self._container_names: BoundedDict[str, str] = BoundedDict(self.max_gone)
        self._network_names: BoundedDict[str, str] = BoundedDict(self.max_gone)

    def update(self, inventory: Inventory) -> None:
        """Take the present owners; the others are evicted in the order in which they went."""
        if inventory is self._latest:
            return
        self._latest = inventory
        members = sum(map(len, inventory.members.values()))
        endpoints = sum(len(container.endpoints) for container in inventory.containers.values())
        self._containers.resize(self.max_gone + members + endpoints)
        self._container_names.resize(self.max_gone + len(inventory.containers))
        for memory in (self._networks, self._network_names):
            memory.resize(self.max_gone + len(inventory.networks))
        for network in inventory.networks.values():
            self._network_names[network.id] = network.name
            if network.bridge:
                self._networks[network.bridge] = network.id
            for member in inventory.members.get(network.id, ()):
                self._claim(network.id, member.mac_address, member.container_id)
        for container in inventory.containers.values():
            self._container_names[container.id] = container.name
            for endpoint in container.endpoints:
                self._claim(endpoint.network_id, endpoint.mac_address, container.id)

    def _claim(self, network_id: str, mac_address: str, container_id: str) -> None:
        if mac_address:
            self._containers[network_id, mac_address] = container_id

    def container_of(self, network_id: str, mac_address: str) -> str | None:
        """Return the id of the container with this address on a network."""
        return self._containers.get((network_id, mac_address))

    def endpoints_with(self, mac_address: str) -> Iterator[EndpointKey]:
        """Yield the endpoints with this address, on whatever network."""
        for (network_id, known), container_id in self._containers.items():
            if known == mac_address:
                yield container_id, network_id

    def network_of(self, bridge: str) -> str | None:
        """Return the id of the network whose bridge has this name."""
        return self._networks.get(bridge)

    def has_bridge(self, network_id: str) -> bool:
        """Whether the network's device is a bridge of the host."""
        return network_id in self._networks.values()

    def network_label(self, network_id: str) -> str | None:
        """Return the last name of a network."""
        return self._network_names.get(network_id)

    def endpoint_label(self, endpoint: EndpointKey) -> EndpointLabel | None:
        """Return the last names of an endpoint's container and network."""
        container, network = self._container_names.get(endpoint[0]), self._network_names.get(endpoint[1])
        return None if container is None or network is None else (container, network)
