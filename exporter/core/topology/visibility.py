"""What cannot be observed from the network namespace of the exporter."""

from exporter.core.model.kernel_sample import Degraded
from exporter.core.topology.topology import Topology

NO_HOST_NETWORK = Degraded(
    "links",
    "no_host_network",
    "run in the host's network namespace (--network=host): the engine's bridges are not visible from here",
)


def missing_bridges(topology: Topology) -> tuple[Degraded, ...]:
    """Return NO_HOST_NETWORK unless the devices are those of the engine's network namespace."""
    return () if topology.host_netns_visible else (NO_HOST_NETWORK,)
