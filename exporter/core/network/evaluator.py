"""Judge one moment after another: the rules are pure, and what they need of earlier moments is kept here.

Most of it changes with the topology only, and is made once for each.
"""

from collections.abc import Hashable
from dataclasses import replace

from exporter.core.findings.finding import Finding
from exporter.core.findings.persistence import Standing
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Devices
from exporter.core.model.routes import Route
from exporter.core.network.context import Scene, StaticAddress
from exporter.core.network.result import Judgement
from exporter.core.network.rules import NETWORK_RULES, conntrack_full, evaluate, judged, suspended, suspicions
from exporter.core.topology.address_pools import BUILT_IN_POOLS, PoolUse, pool_use
from exporter.core.topology.address_use import subnet_uses
from exporter.core.topology.overlay import NO_OVERLAYS, OverlayReading, overlay_peers
from exporter.core.topology.topology import Topology, join
from exporter.core.traffic.address_changes import AddressChanges

LASTING = tuple(rule for rule in NETWORK_RULES if not rule.timed)
TIMED = tuple(rule for rule in NETWORK_RULES if rule.timed)


class Judge:
    """Told of each inventory and of each observation, in their order."""

    def __init__(self) -> None:
        self._standing = Standing()
        self._changes = AddressChanges()
        self._conntrack: ConntrackStats | None = None
        self._scene = Scene(join(Inventory(), Devices()))
        self._overlays = NO_OVERLAYS
        self._conditions: tuple[tuple[Hashable, ...], ...] = ()
        self._timed = TIMED
        self._lasting: tuple[Finding, ...] = ()
        self._judgement = Judgement()

    def follow(self, inventory: Inventory) -> None:
        """Take an inventory: an address may change twice between two observations."""
        self._changes.follow(inventory)

    def judge(
        self, topology: Topology, conntrack: ConntrackStats | None, now: float, overlays: OverlayReading = NO_OVERLAYS
    ) -> Judgement:
        """Judge this moment; `now` counts seconds from anywhere, always upwards."""
        if topology is not self._scene.topology or overlays is not self._overlays:
            self._prepare(topology, overlays)
        scene = replace(
            self._scene,
            conntrack=conntrack,
            conntrack_before=self._conntrack,
            seen_since=self._standing.update(self._conditions, now),
        )
        self._conntrack = conntrack
        return replace(self._judgement, findings=self._lasting + evaluate(scene, self._timed), conntrack=conntrack)

    def _prepare(self, topology: Topology, overlays: OverlayReading) -> None:
        self._overlays = overlays
        inventory, routes = topology.inventory, topology.devices.routes
        scene = self._scene = Scene(
            topology=topology,
            addresses=subnet_uses(topology),
            routes=routes,
            static_addresses=_static_addresses(inventory),
            overlays=overlay_peers(topology, overlays) if overlays.complete else None,
        )
        self._conditions = tuple(suspicions(scene))
        # A timed rule that suspects nothing finds what the topology alone tells, until that changes.
        suspects = frozenset(str(condition[0]) for condition in self._conditions)
        suspected = suspects | {conntrack_full.KIND}
        self._timed = tuple(rule for rule in TIMED if rule.kind in suspected)
        self._lasting = evaluate(scene, LASTING + tuple(rule for rule in TIMED if rule.kind not in suspected))
        self._judgement = Judgement(
            judged=judged(scene),
            suspended=suspended(scene),
            suspects=suspects,
            addresses=scene.addresses,
            pools=_pools(inventory, routes or ()),
            address_changes=self._changes.counts(inventory),
        )


def _pools(inventory: Inventory, routes: tuple[Route, ...]) -> PoolUse | None:
    engine = inventory.engine
    if engine is None or not inventory.networks:
        return None
    return pool_use(inventory.networks.values(), routes, engine.address_pools or BUILT_IN_POOLS)


def _static_addresses(inventory: Inventory) -> tuple[StaticAddress, ...]:
    return tuple(
        StaticAddress(container.name, network, address)
        for container in inventory.containers.values()
        for network, address in container.static_addresses
    )
