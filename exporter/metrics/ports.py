"""Published ports."""

from collections.abc import Iterator
from operator import attrgetter

from exporter.core.ports.listen_address import EVERY_ADDRESS
from exporter.core.ports.scope import scope
from exporter.core.topology.topology import Topology
from exporter.metrics.build import Metric, add_info, info


def published(topology: Topology) -> Iterator[Metric]:
    """dockernet_published_port_info, which the topology alone changes."""
    family = info(
        "dockernet_published_port_info",
        "A published port (NetworkSettings.Ports), one series for each host address; scope is who can reach that "
        "address. With a service: of Swarm's routing mesh, one series for each task here, without a protocol.",
        ("container", "protocol", "host_address", "host_port", "container_port", "scope", "service"),
    )
    for labels in dict.fromkeys((*_published(topology), *_meshed(topology))):
        add_info(family, labels)
    yield family


def _published(topology: Topology) -> Iterator[tuple[str, ...]]:
    for container in sorted(topology.inventory.containers.values(), key=attrgetter("name")):
        for binding in container.details.published if container.details else ():
            if binding.host_port:  # a network that is routed to needs none
                numbers = str(binding.host_port), str(binding.container_port)
                yield container.name, binding.protocol, binding.host_ip, *numbers, scope(binding.host_ip), ""


def _meshed(topology: Topology) -> Iterator[tuple[str, ...]]:
    """One without a container where no task runs here: the port goes to other nodes."""
    for port in topology.inventory.mesh_ports:
        numbers = str(port.host_port), str(port.container_port)
        for task in [task.name for task in port.tasks if not task.node] or [""]:
            yield task, "", EVERY_ADDRESS, *numbers, scope(EVERY_ADDRESS), port.service
