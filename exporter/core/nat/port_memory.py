"""Who published which port at which address, also after it is gone: a rule's last packets are read later than that."""

from collections import OrderedDict
from collections.abc import Mapping

from exporter.core.model import Container, Inventory

MOST = 4096  # places of containers that are gone


class PortMemory:
    """Told of each inventory."""

    def __init__(self) -> None:
        self._containers: Mapping[str, Container] = {}
        self._names: OrderedDict[tuple[str, str, int], str] = OrderedDict()

    def follow(self, inventory: Inventory) -> None:
        """Take what is new; an unchanged container is the same object."""
        before, self._containers = self._containers, inventory.containers
        for container_id, container in inventory.containers.items():
            if before.get(container_id) is not container and container.details is not None:
                self._remember(container)

    def name(self, protocol: str, address: str, port: int) -> str:
        """Return the container that published the host's port, and was led to at the address; '' if none did."""
        return self._names.get((protocol, address, port), "")

    def _remember(self, container: Container) -> None:
        for binding in container.details.published if container.details else ():
            for endpoint in container.endpoints:
                for address in (endpoint.ip_address, endpoint.ip6_address):
                    place = binding.protocol, address, binding.host_port
                    self._names[place] = container.name
                    self._names.move_to_end(place)
        while len(self._names) > MOST:
            self._names.popitem(last=False)
