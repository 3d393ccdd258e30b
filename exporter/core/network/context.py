"""What network rules evaluate. None is unknown: a rule that needs it is not evaluated."""

from collections.abc import Hashable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct, field

from exporter.core.findings.finding import CONFIRMED, Confidence, Finding, Severity
from exporter.core.findings.rule import Input
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.docker import Inventory, Network
from exporter.core.model.fib import NO_LOOKUPS, FibReading
from exporter.core.model.routes import Route
from exporter.core.topology.address_use import SubnetUse, subnet_uses
from exporter.core.topology.overlay import NO_OVERLAYS, OverlayPeers, OverlayReading, overlay_peers
from exporter.core.topology.route_queries import ContainerRoute
from exporter.core.topology.topology import Topology

LOCAL, OVERLAY = "local", "overlay"


class StaticAddress(Struct, frozen=True):
    """An address that is configured for a container on a network, whether it runs or not.

    Names both; Engine API: NetworkSettings.Networks[name].IPAMConfig.
    """

    container: str
    network: str
    address: str


class NetworkReadings(Struct, frozen=True):
    """Readings for the network rules in addition to the topology; `netns` as in KernelSample."""

    overlays: OverlayReading = NO_OVERLAYS
    routes: tuple[ContainerRoute, ...] = ()
    fib: FibReading = field(default_factory=FibReading)
    netns: Mapping[str, int] = field(default_factory=dict)


NO_READINGS = NetworkReadings()


class NetworkContext(Struct, frozen=True):
    """One moment; `overlays` are by network id. It changes with the topology and with the overlays alone."""

    topology: Topology
    addresses: tuple[SubnetUse, ...] = ()
    routes: tuple[Route, ...] | None = None
    static_addresses: tuple[StaticAddress, ...] | None = None
    overlays: Mapping[str, OverlayPeers] | None = None
    container_routes: tuple[ContainerRoute, ...] = ()
    fib: FibReading = NO_LOOKUPS
    netns: Mapping[str, int] = field(default_factory=dict)

    def local_static_addresses(self) -> Iterator[tuple[Network, StaticAddress]]:
        """The static addresses on this host's own networks. On an overlay the Swarm's choice looks like one too."""
        local = {n.name: n for n in self.topology.inventory.networks.values() if n.scope == LOCAL}
        for static in self.static_addresses or ():
            if static.network in local:
                yield local[static.network], static

    def missing(self) -> frozenset[Input]:
        """The inputs that are not there."""
        inventory = self.topology.inventory
        overlays = any(network.driver == OVERLAY for network in inventory.networks.values())
        absent = {
            Input.ENGINE: not inventory.connected,
            Input.HOST_NETWORK: not self.topology.host_netns_visible,
            Input.ROUTES: self.routes is None,
            Input.STATIC_ADDRESSES: self.static_addresses is None,
            Input.ROUTE_LOOKUPS: not self.fib.complete or bool(self.container_routes and not self.fib.results),
            Input.OVERLAYS: overlays and self.overlays is None,
        }
        return frozenset(one for one, is_missing in absent.items() if is_missing)


class ConntrackContext(Struct, frozen=True):
    """Two readings of the connection table, the later one first; None is unknown, or a kernel without the table."""

    current: ConntrackStats | None = None
    previous: ConntrackStats | None = None


def network_context(
    topology: Topology,
    overlays: OverlayReading,
    routes: tuple[ContainerRoute, ...] = (),
    fib: FibReading = NO_LOOKUPS,
    netns: Mapping[str, int] = MappingProxyType({}),
) -> NetworkContext:
    """Derive what the rules need."""
    return NetworkContext(
        topology=topology,
        addresses=subnet_uses(topology),
        routes=topology.devices.routes,
        static_addresses=_static_addresses(topology.inventory),
        overlays=overlay_peers(topology, overlays) if overlays.complete else None,
        container_routes=routes,
        fib=fib,
        netns=netns,
    )


def finding(
    kind: str,
    severity: Severity,
    network: str,
    subject: str,
    detail: str,
    *,
    confidence: Confidence = CONFIRMED,
    key: Hashable = None,
) -> Finding:
    """A finding about `subject` in a network: a device, a container, a subnet or an address; they are its key, too."""
    labels = {"network": network, "subject": subject}
    return Finding(kind, severity, confidence, key or (network, subject), detail, labels)


def _static_addresses(inventory: Inventory) -> tuple[StaticAddress, ...]:
    return tuple(
        StaticAddress(container.name, network, address)
        for container in inventory.containers.values()
        for network, address in container.static_addresses
    )
