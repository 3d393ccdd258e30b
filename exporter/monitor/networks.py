"""Findings about networks, with the peers of overlays."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.fib import RouteQuery
from exporter.core.model.memo import IdentityMemo
from exporter.core.network.context import NetworkReadings
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.network.result import NetworkResult
from exporter.core.topology.overlay import OverlayReading
from exporter.core.topology.route_queries import container_routes, queries
from exporter.monitor.collector import Facts
from exporter.monitor.connections import ConnectionPart


class OverlayKernel(Protocol):
    """The kernel's side."""

    def overlays(self) -> OverlayReading:
        """Return the last readings of the overlays."""

    def update_route_queries(self, queries: frozenset[RouteQuery]) -> None:
        """Set the route lookups to keep current; their results are in later samples."""


class NetworkPart(Struct, frozen=True):
    """Fields of an Observation."""

    network: NetworkResult
    overlay_peers: Mapping[str, int]
    real_servers: frozenset[str] | None


class NetworkCollector:
    """Evaluates the rules about networks."""

    def __init__(self, kernel: OverlayKernel) -> None:
        self._kernel = kernel
        self._evaluator = NetworkEvaluator()
        self._routes = IdentityMemo(container_routes)
        self._queries = IdentityMemo(queries)

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: an address may change twice between two observations."""
        self._evaluator.update_inventory(inventory)

    def collect(self, facts: Facts) -> NetworkPart:
        """Evaluate this moment."""
        overlays, sample = self._kernel.overlays(), facts.sample
        routes = self._routes(facts.topology)
        self._kernel.update_route_queries(self._queries(routes))
        readings = NetworkReadings(overlays, routes, sample.fib, sample.netns)
        counted = facts.part(ConnectionPart)
        connections = counted.connection_context if counted else None
        return NetworkPart(
            network=self._evaluator.evaluate(facts.topology, sample.conntrack, facts.monotonic, readings, connections),
            overlay_peers={network_id: len(rows.nodes) for network_id, rows in overlays.rows.items()},
            real_servers=overlays.real_servers,
        )
