"""The ports that Docker reports as published."""

from collections.abc import Iterator

from exporter.core.model.docker import Container
from exporter.core.ports.context import READ_PROTOCOLS, PortContext
from exporter.core.ports.listen_address import EVERY_ADDRESS, ListenAddress


def published_places(context: PortContext) -> Iterator[tuple[Container, ListenAddress]]:
    """Yield each address of each port in effect, where a listener of Docker's should be."""
    for container in context.containers(live=True):
        for binding in container.details.published if container.details else ():
            if binding.host_port and binding.protocol in READ_PROTOCOLS:
                yield container, ListenAddress(binding.protocol, binding.host_ip, binding.host_port)


def is_held_outside(context: PortContext, place: ListenAddress) -> bool:
    """Whether the address is the host's, and the sockets are those of a rootless engine's network namespace."""
    return is_inside_rootless(context) and place.address not in ("", EVERY_ADDRESS, "::")


def is_inside_rootless(context: PortContext) -> bool:
    """Whether the readings are of the network namespace of a rootless engine."""
    engine = context.inventory.engine
    return engine is not None and engine.rootless and not engine.elsewhere
