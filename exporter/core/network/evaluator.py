"""Evaluation of the network rules, one observation after another."""

from collections.abc import Mapping

from exporter.core.connections.context import ConnectionContext
from exporter.core.findings.evaluator import Evaluation, Evaluator
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.docker import Engine, Inventory, Network
from exporter.core.model.memo import IdentityMemo, keep_equal
from exporter.core.model.routes import Route
from exporter.core.network.context import (
    NO_READINGS,
    ConntrackContext,
    NetworkContext,
    NetworkReadings,
    network_context,
)
from exporter.core.network.result import NetworkResult
from exporter.core.network.rules import CONNECTION_RULES, CONNTRACK_RULES, NETWORK_RULES
from exporter.core.topology.address_pools import BUILT_IN_POOLS, PoolUse, pool_use
from exporter.core.topology.topology import Topology
from exporter.core.traffic.address_changes import AddressChanges


class NetworkEvaluator:
    """Takes each inventory and each observation, in their order. Not thread-safe."""

    def __init__(self) -> None:
        self._rules = Evaluator(NETWORK_RULES)
        self._conntrack_rules = Evaluator(CONNTRACK_RULES)
        self._connection_rules = Evaluator(CONNECTION_RULES)
        self._conntrack: ConntrackStats | None = None
        self._changes = AddressChanges()
        self._context = IdentityMemo(network_context)
        self._missing = IdentityMemo(NetworkContext.missing)
        self._last_netns: Mapping[str, int] = {}
        self._pool_use = IdentityMemo(_pools)
        self._counts = IdentityMemo(self._changes.counts)
        self._joined = IdentityMemo(Evaluation.joined)
        self._joined_all = IdentityMemo(Evaluation.joined)

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: an address may change twice between two observations."""
        self._changes.follow(inventory)

    def evaluate(
        self,
        topology: Topology,
        conntrack: ConntrackStats | None,
        now: float,
        readings: NetworkReadings = NO_READINGS,
        connections: ConnectionContext | None = None,
    ) -> NetworkResult:
        """Evaluate all rules; `now` is in seconds from any origin and never decreases.

        Without `connections` their kinds are neither evaluated nor suspended.
        """
        context = self._context(topology, readings.overlays, readings.routes, readings.fib, self._netns(readings.netns))
        conntracks = ConntrackContext(conntrack, self._conntrack)
        self._conntrack = conntrack
        inventory = topology.inventory
        evaluation = self._joined(
            self._rules.evaluate(context, self._missing(context), now),
            self._conntrack_rules.evaluate(conntracks, frozenset(), now),
        )
        if connections is not None:
            found = self._connection_rules.evaluate(connections, self._missing(context), now)
            evaluation = self._joined_all(evaluation, found)
        return NetworkResult(
            evaluation=evaluation,
            context=context,
            addresses=context.addresses,
            pools=self._pool_use(inventory.networks, inventory.engine, context.routes),
            address_changes=self._counts(inventory),
            conntrack=conntrack,
        )

    def _netns(self, netns: Mapping[str, int]) -> Mapping[str, int]:
        self._last_netns = keep_equal(self._last_netns, netns)
        return self._last_netns


def _pools(networks: Mapping[str, Network], engine: Engine | None, routes: tuple[Route, ...] | None) -> PoolUse | None:
    if engine is None or not networks:
        return None
    return pool_use(networks.values(), routes or (), engine.address_pools or BUILT_IN_POOLS)
