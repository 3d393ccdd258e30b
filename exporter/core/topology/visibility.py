"""What cannot be seen from where the exporter runs, told by what is not there."""

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded
from exporter.core.topology.topology import Topology

NO_HOST_NETWORK = Degraded(
    "links",
    "no_host_network",
    "run in the host's network namespace (--network=host): the engine's bridges are not visible from here",
)


def missing_bridges(inventory: Inventory, topology: Topology) -> tuple[Degraded, ...]:
    """Tell that this is not the engine's network namespace: none of its bridges is here."""
    expected = any(network.bridge for network in inventory.networks.values())
    return (NO_HOST_NETWORK,) if expected and not topology.bridges else ()
