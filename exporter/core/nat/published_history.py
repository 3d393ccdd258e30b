"""Which container published a port at an address, kept after it is gone: a rule's last packets are read later."""

from collections.abc import Mapping

from exporter.core.model.docker import Container, Inventory

MAX_PORTS = 4096  # of containers that are gone

PublishedPort = tuple[str, str, int]  # protocol, address that the port is forwarded to, the host's port


class PublishedHistory:
    """Takes each inventory. Not thread-safe."""

    def __init__(self) -> None:
        self._containers: Mapping[str, Container] = {}
        self._publishers: dict[PublishedPort, tuple[str, str]] = {}  # container id and name, the latest last

    def update_inventory(self, inventory: Inventory) -> None:
        """Record the containers that changed; an unchanged container is the same object."""
        before, self._containers = self._containers, inventory.containers
        for container_id, container in inventory.containers.items():
            if before.get(container_id) is not container and container.details is not None:
                self._record(container)
        if len(self._publishers) > MAX_PORTS:
            gone = [
                port for port, (container_id, _) in self._publishers.items() if container_id not in self._containers
            ]
            for port in gone[:-MAX_PORTS]:
                del self._publishers[port]

    def name(self, protocol: str, address: str, port: int) -> str:
        """Return the container that published the host's port and had the address; '' if none did."""
        return self._publishers.get((protocol, address, port), ("", ""))[1]

    def _record(self, container: Container) -> None:
        addresses = {address for e in container.endpoints for address in (e.ip_address, e.ip6_address) if address}
        for binding in container.details.published if container.details else ():
            for address in addresses:
                port = binding.protocol, address, binding.host_port
                self._publishers.pop(port, None)
                self._publishers[port] = container.id, container.name
