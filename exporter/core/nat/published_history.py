"""Who published which port at which address, also after it is gone: a rule's last packets are read later than that."""

from collections.abc import Mapping

from exporter.core.model.docker import Container, Inventory

MOST = 4096  # places of containers that are gone

Place = tuple[str, str, int]  # protocol, address that the port is led to, the host's port


class PortMemory:
    """Told of each inventory."""

    def __init__(self) -> None:
        self._containers: Mapping[str, Container] = {}
        self._known: dict[Place, tuple[str, str]] = {}  # the container's id and name, the latest last

    def follow(self, inventory: Inventory) -> None:
        """Take what is new; an unchanged container is the same object."""
        before, self._containers = self._containers, inventory.containers
        for container_id, container in inventory.containers.items():
            if before.get(container_id) is not container and container.details is not None:
                self._remember(container)
        if len(self._known) > MOST:
            gone = [place for place, (container_id, _) in self._known.items() if container_id not in self._containers]
            for place in gone[:-MOST]:
                del self._known[place]

    def name(self, protocol: str, address: str, port: int) -> str:
        """Return the container that published the host's port, and was led to at the address; '' if none did."""
        return self._known.get((protocol, address, port), ("", ""))[1]

    def _remember(self, container: Container) -> None:
        addresses = {address for e in container.endpoints for address in (e.ip_address, e.ip6_address) if address}
        for binding in container.details.published if container.details else ():
            for address in addresses:
                place = binding.protocol, address, binding.host_port
                self._known.pop(place, None)
                self._known[place] = container.id, container.name
