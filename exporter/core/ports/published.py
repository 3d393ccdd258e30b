"""The ports that Docker says are published, and what serves them inside."""

from collections.abc import Iterator

from exporter.core.model.docker import Container
from exporter.core.ports.conflict import Place
from exporter.core.ports.context import READ_PROTOCOLS, PortScene


def published_places(scene: PortScene) -> Iterator[tuple[Container, Place]]:
    """Yield where something of Docker's should listen, for each address of each port in effect."""
    for container in scene.containers(live=True):
        for binding in container.details.published if container.details else ():
            if binding.host_port and binding.protocol in READ_PROTOCOLS:
                yield container, Place(binding.protocol, binding.host_ip, binding.host_port)
