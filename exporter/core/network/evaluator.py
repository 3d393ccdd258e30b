"""Evaluation of the network rules, one observation after another."""

from exporter.core.findings.evaluator import Evaluator
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.docker import Inventory
from exporter.core.model.memo import IdentityMemo
from exporter.core.model.routes import Route
from exporter.core.network.context import ConntrackContext, NetworkContext, network_context
from exporter.core.network.result import NetworkResult
from exporter.core.network.rules import CONNTRACK_RULES, NETWORK_RULES
from exporter.core.topology.address_pools import BUILT_IN_POOLS, PoolUse, pool_use
from exporter.core.topology.overlay import NO_OVERLAYS, OverlayReading
from exporter.core.topology.topology import Topology
from exporter.core.traffic.address_changes import AddressChanges


class NetworkEvaluator:
    """Takes each inventory and each observation, in their order. Not thread-safe."""

    def __init__(self) -> None:
        self._rules = Evaluator(NETWORK_RULES)
        self._conntrack_rules = Evaluator(CONNTRACK_RULES)
        self._conntrack: ConntrackStats | None = None
        self._changes = AddressChanges()
        self._context = IdentityMemo(network_context)
        self._figures = IdentityMemo(self._derive)

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: an address may change twice between two observations."""
        self._changes.follow(inventory)

    def evaluate(
        self, topology: Topology, conntrack: ConntrackStats | None, now: float, overlays: OverlayReading = NO_OVERLAYS
    ) -> NetworkResult:
        """Evaluate all rules; `now` is in seconds from any origin and never decreases."""
        context = self._context(topology, overlays)
        readings = ConntrackContext(conntrack, self._conntrack)
        self._conntrack = conntrack
        pools, changes = self._figures(context)
        return NetworkResult(
            evaluation=self._rules.evaluate(context, context.missing(), now).joined(
                self._conntrack_rules.evaluate(readings, frozenset(), now)
            ),
            addresses=context.addresses,
            pools=pools,
            address_changes=changes,
            conntrack=conntrack,
        )

    def _derive(self, context: NetworkContext) -> tuple[PoolUse | None, dict[tuple[str, str], int]]:
        inventory = context.topology.inventory
        return _pools(inventory, context.routes or ()), dict(self._changes.counts(inventory))


def _pools(inventory: Inventory, routes: tuple[Route, ...]) -> PoolUse | None:
    engine = inventory.engine
    if engine is None or not inventory.networks:
        return None
    return pool_use(inventory.networks.values(), routes, engine.address_pools or BUILT_IN_POOLS)
