"""What the rules look at: the topology, and what else was told. None is unknown, and a rule finds nothing in it."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.docker import Network
from exporter.core.model.routes import Route
from exporter.core.topology.address_use import SubnetUse
from exporter.core.topology.overlay import OverlayPeers
from exporter.core.topology.topology import Topology

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class StaticAddress:
    """An address that an operator gave to a container on a network, whether it runs or not.

    Names both; Engine API: NetworkSettings.Networks[name].IPAMConfig.
    """

    container: str
    network: str
    address: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment. `conntrack_before` is the reading before this one; `overlays` are by network id.

    `seen_since`: for how many seconds each suspected condition has stood; while there is none, nobody looks for any.
    `conntrack` is None, too, where the kernel has no table.
    """

    topology: Topology
    addresses: tuple[SubnetUse, ...] = ()
    routes: tuple[Route, ...] | None = None
    conntrack: ConntrackStats | None = None
    conntrack_before: ConntrackStats | None = None
    static_addresses: tuple[StaticAddress, ...] | None = None
    overlays: Mapping[str, OverlayPeers] | None = None
    seen_since: Mapping[Hashable, float] = field(default_factory=dict)

    def chosen(self) -> Iterator[tuple[Network, StaticAddress]]:
        """The static addresses of this host's own networks. On an overlay the Swarm's choice looks like one too."""
        local = {n.name: n for n in self.topology.inventory.networks.values() if n.scope == LOCAL}
        for static in self.static_addresses or ():
            if static.network in local:
                yield local[static.network], static
