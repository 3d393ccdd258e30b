"""Published ports."""

from collections.abc import Iterator

from exporter.core.ports.scope import scope
from exporter.core.topology.topology import Topology
from exporter.metrics.build import Metric, add_info, info


def published(topology: Topology) -> Iterator[Metric]:
    """dockernet_published_port_info, which the topology alone changes."""
    family = info(
        "dockernet_published_port_info",
        "A port that Docker says is published, a series per address of the host; scope is from where it can be reached "
        "as far as that address says.",
        ("container", "protocol", "host_address", "host_port", "container_port", "scope"),
    )
    for labels in dict.fromkeys(_published(topology)):
        add_info(family, labels)
    yield family


def _published(topology: Topology) -> Iterator[tuple[str, ...]]:
    for container in sorted(topology.inventory.containers.values(), key=lambda container: container.name):
        for binding in container.details.published if container.details else ():
            if binding.host_port:  # a network that is routed to needs none
                numbers = str(binding.host_port), str(binding.container_port)
                yield container.name, binding.protocol, binding.host_ip, *numbers, scope(binding.host_ip)
