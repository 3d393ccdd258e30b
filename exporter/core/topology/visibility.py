"""What cannot be observed from the network namespace of the exporter."""

from exporter.core.model.kernel_sample import Degraded
from exporter.core.topology.topology import Topology

NO_HOST_NETWORK = Degraded(
    "links",
    "no_host_network",
    "run in the host's network namespace (--network=host): the engine's bridges are not visible from here",
)
ROOTLESS = Degraded(
    "links",
    "rootless_engine",
    "the bridges and rules of a rootless engine are in a network namespace of its user: run check, topology and "
    "explain there (nsenter, docs/deployment.md)",
)


def missing_bridges(topology: Topology) -> tuple[Degraded, ...]:
    """Return why the devices are not those of the engine's network namespace; nothing where they are."""
    if topology.host_netns_visible:
        return ()
    engine = topology.inventory.engine
    return (ROOTLESS,) if engine is not None and engine.elsewhere else (NO_HOST_NETWORK,)
