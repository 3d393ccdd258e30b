"""Evaluation of the port rules, one observation after another."""

from collections.abc import Iterator

from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluator
from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Devices
from exporter.core.model.memo import IdentityMemo
from exporter.core.model.sockets import CONTAINER, PortKey
from exporter.core.ports.container_failures import SETTLE_SECONDS, unreadable_logs
from exporter.core.ports.context import PortContext, PortReadings, port_context
from exporter.core.ports.lookups import needed_lookups
from exporter.core.ports.result import PortResult
from exporter.core.ports.rules import PORT_RULES
from exporter.core.ports.unserved import START_SECONDS
from exporter.core.topology.topology import Topology, join

MAX_NAMES = 4096  # of containers whose ports are remembered
NEVER = float("inf")


class PortEvaluator:
    """Takes each observation, in their order. Not thread-safe."""

    def __init__(self) -> None:
        self._rules = Evaluator(PORT_RULES)
        self._held_before: BoundedDict[str, frozenset[PortKey]] = BoundedDict(MAX_NAMES)
        self._served_before: BoundedDict[str, frozenset[PortKey]] = BoundedDict(MAX_NAMES)
        self._context = port_context(join(Inventory(), Devices()), PortReadings(), 0.0)
        self._missing = IdentityMemo(PortContext.missing)
        self._due = 0.0
        self._result = PortResult()

    def evaluate(self, topology: Topology, readings: PortReadings, now: float, clock: float) -> PortResult:
        """Evaluate all rules: `now` is Unix time, `clock` is in seconds from any origin and never decreases.

        The context is made anew when something was read anew, when a container has become old enough for a rule, or
        when Unix time was set back. The result is the same object while it is equal.
        """
        timely = self._context.now <= now < self._due
        if not timely or topology is not self._context.topology or not readings.same_as(self._context.readings):
            self._update(port_context(topology, readings, now, self._held_before, self._served_before))
        evaluation = self._rules.evaluate(self._context, self._missing(self._context), clock)
        if evaluation is not self._result.evaluation:
            self._result = replace(self._result, evaluation=evaluation)
        return self._result

    def _update(self, context: PortContext) -> None:
        self._context, self._due = context, min(_next_changes(context), default=NEVER)
        self._result = replace(
            self._result, needed_lookups=needed_lookups(context), degraded=unreadable_logs(context.inventory)
        )
        held: dict[str, set[PortKey]] = {}
        for port, listeners in context.listeners.items():
            for listener in listeners:
                if listener.owner.kind == CONTAINER:
                    held.setdefault(listener.owner.name, set()).add(port)
        for name, ports in held.items():
            self._held_before[name] = frozenset(ports)
        for container_id, sockets in (context.readings.namespaces or {}).items():
            served = frozenset((socket.protocol, socket.port) for socket in sockets)
            self._served_before[container_id] = self._served_before.get(container_id, frozenset()) | served


def _next_changes(context: PortContext) -> Iterator[float]:
    """Yield when the passing of time alone will change what the rules find (Unix time)."""
    for container in context.inventory.containers.values():
        if container.live and container.details:
            started = container.details.started
            for seconds in (START_SECONDS, SETTLE_SECONDS):
                yield from (moment for moment in (started - seconds, started + seconds) if moment > context.now)
