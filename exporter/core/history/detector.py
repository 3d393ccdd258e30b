"""All changes from one inventory, and from one observation, to the next."""

from collections.abc import Iterator

from msgspec.structs import replace

from exporter.core.history.change import Change
from exporter.core.history.containers import ContainerChanges
from exporter.core.history.devices import DeviceChanges
from exporter.core.history.docker_rules import RuleChanges
from exporter.core.history.findings import FindingChanges
from exporter.core.history.listeners import ListenerChanges
from exporter.core.history.networks import engine_changes, network_changes
from exporter.core.history.routes import RouteChanges
from exporter.core.model.docker import Inventory
from exporter.core.model.inventory import with_distinct_names
from exporter.core.observation import Observation
from exporter.core.topology.topology import Topology


class ChangeDetector:
    """Takes each inventory and each observation in their order; what is first seen is the beginning, not a change.

    An object that is the same as the last time was not changed, and is not compared. Not thread-safe.
    """

    def __init__(self) -> None:
        self._inventory: Inventory | None = None
        self._topology: Topology | None = None
        self._containers = ContainerChanges()
        self._devices = DeviceChanges()
        self._routes = RouteChanges()
        self._rules = RuleChanges()
        self._listeners = ListenerChanges()
        self._findings = FindingChanges()

    def update_inventory(self, inventory: Inventory, now: float) -> list[Change]:
        """Return what changed in Docker until `now` (Unix time)."""
        if not inventory.synced_at or inventory is self._inventory:
            return []
        return _timed(self._docker_changes(with_distinct_names(inventory), inventory), now)

    def observe(self, observation: Observation, now: float) -> list[Change]:
        """Return what changed in the kernel and among the findings; nothing before the engine was read once."""
        if self._inventory is None:
            return []
        return _timed(self._host_changes(observation, now), now)

    def _docker_changes(self, named: Inventory, inventory: Inventory) -> Iterator[Change]:
        before, self._inventory = self._inventory, inventory
        if before is None:
            yield from self._containers.update(named)
            return
        yield from engine_changes(before, inventory)
        yield from (change for change in network_changes(with_distinct_names(before), named) if change.after)
        if before.containers is not inventory.containers:
            yield from self._containers.update(named)
        yield from (change for change in network_changes(with_distinct_names(before), named) if not change.after)

    def _host_changes(self, observation: Observation, now: float) -> Iterator[Change]:
        topology, nat = observation.topology, observation.nat
        yield from self._devices.update(topology, now)
        if topology is not self._topology:
            self._topology = topology
            yield from self._routes.update(topology, now)
        yield from self._rules.update(nat.reading if nat else None, topology.inventory)
        yield from self._listeners.update(observation.sockets, topology.inventory)
        yield from self._findings.update(observation.evaluations, now)


def _timed(changes: Iterator[Change], now: float) -> list[Change]:
    """Docker's clock may be that of another host: a change is not later than it was seen."""
    return [replace(change, time=min(change.time, now) if change.time else now) for change in changes]
