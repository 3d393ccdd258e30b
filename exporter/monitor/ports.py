"""Ports: what was read of listeners, rules and refused binds, evaluated together."""

from collections.abc import Collection, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, KernelSample
from exporter.core.model.memo import IdentityMemo, keep_equal
from exporter.core.model.sockets import BoundSocket, ListeningSocket, PortKey
from exporter.core.ports.container_failures import is_recent
from exporter.core.ports.context import EMPTY, NO_CONTAINERS, PortReadings
from exporter.core.ports.evaluator import PortEvaluator
from exporter.core.ports.refused_binds import RefusedBinds
from exporter.core.ports.result import PortResult
from exporter.core.ports.socket_owner import with_watched_namespace
from exporter.log import get_logger
from exporter.monitor.bind_failures import BindFailurePart
from exporter.monitor.collector import Facts
from exporter.monitor.nat import NatPart

# How often the holders of a port without a listener are read: the kernel walks all connections for that.
LOOKUP_INTERVAL = 10.0
# A container's namespace is read this long after its start at the latest.
MAX_SWEEP_DELAY = 20.0

Bound = Mapping[PortKey, tuple[BoundSocket, ...]]

log = get_logger(component="ports")


class PortKernel(Protocol):
    """The kernel's side."""

    def read_bound(self, ports: Collection[PortKey]) -> Bound:
        """Read the sockets on these ports in whatever state. Raises OSError."""


class PortPart(Struct, frozen=True):
    """Fields of an Observation."""

    ports: PortResult
    degraded: tuple[Degraded, ...] = ()


class PortCollector:
    """Evaluates the rules about ports."""

    def __init__(self, kernel: PortKernel) -> None:
        self._kernel = kernel
        self._evaluator = PortEvaluator()
        self._result = PortResult()
        self._refused = RefusedBinds()
        self._watched = IdentityMemo(_start_times)
        self._lookups: frozenset[PortKey] = frozenset()
        self._bound: Bound = EMPTY
        self._next_lookup = 0.0

    def update_inventory(self, inventory: Inventory) -> None:
        """Nothing is kept of an inventory that was replaced before an observation."""

    def collect(self, facts: Facts) -> PortPart:
        """Make the look-ups that the last evaluation needed, then evaluate this moment."""
        binds, nat = facts.part(BindFailurePart), facts.part(NatPart)
        self._refused.record(binds.refused_binds if binds else ())
        self._refresh_lookups(self._result.needed_lookups, facts.monotonic)
        inventory, sample = facts.topology.inventory, facts.sample
        readings = PortReadings(
            sockets=sample.sockets,
            namespaces=self._namespaces(inventory, sample, facts.time),
            redirects=nat.nat.redirects if nat else None,
            reserved=sample.reserved_ports,
            bound=self._bound,
            refused=self._refused.current(inventory, facts.time),
            redirected=sample.namespace_sockets.redirected if sample.namespace_sockets else NO_CONTAINERS,
        )
        result = self._evaluator.evaluate(facts.topology, readings, facts.time, facts.monotonic)
        pending = not result.needed_lookups <= self._lookups
        shown = replace(result, lookups_pending=True) if pending else result
        self._result = keep_equal(self._result, shown)
        return PortPart(self._result, result.degraded)

    def _refresh_lookups(self, needed: frozenset[PortKey], now: float) -> None:
        """Read the holders that are needed and not known, or known for too long."""
        if needed == self._lookups and (not needed or now < self._next_lookup):
            return
        self._lookups, self._next_lookup = needed, now + LOOKUP_INTERVAL
        try:
            self._bound = self._kernel.read_bound(needed) if needed else EMPTY
        except OSError as error:
            self._lookups, self._bound = frozenset(), EMPTY  # pending, and repeated
            log.warning("port owner lookup failed", error=str(error))

    def _namespaces(
        self, inventory: Inventory, sample: KernelSample, now: float
    ) -> Mapping[str, tuple[ListeningSocket, ...]] | None:
        """Return the listeners of containers' namespaces; None while none of the relevant namespaces can be read."""
        if sample.namespace_sockets is None:
            return None
        watched, listeners = self._watched(inventory), sample.namespace_sockets.listeners
        overdue = not all(is_recent(start, MAX_SWEEP_DELAY, now) for start in watched.values())
        return None if overdue and watched.keys().isdisjoint(listeners) else listeners


def _start_times(inventory: Inventory) -> Mapping[str, float]:
    """Return when the containers with a watched namespace started (Unix time), by id."""
    return {c.id: c.details.started if c.details else 0.0 for c in with_watched_namespace(inventory)}
