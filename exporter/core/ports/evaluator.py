"""Judge ports one moment after another: the rules are pure, and what they need of earlier moments is kept here.

Rules are evaluated only when something was read anew, or when a container has become old enough to be judged.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import replace

from exporter.core.findings.persistence import Standing
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Devices
from exporter.core.model.sockets import CONTAINER
from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.container_failures import grown_up, unreadable_logs
from exporter.core.ports.context import Port, PortReadings, PortScene, port_scene
from exporter.core.ports.lookups import questions
from exporter.core.ports.result import PortJudgement
from exporter.core.ports.rules import PORT_RULES, suspended
from exporter.core.ports.unserved import settled
from exporter.core.topology.topology import Topology, join

REMEMBERED = 4096
NEVER = float("inf")


class PortJudge:
    """Told of each observation, in their order."""

    def __init__(self) -> None:
        self._scene = port_scene(join(Inventory(), Devices()), PortReadings(), 0.0)
        self._due = 0.0
        self._standing = Standing()
        self._earlier: OrderedDict[str, frozenset[Port]] = OrderedDict()
        self._suspects: dict[Hashable, tuple[PortConflict, float]] = {}
        self._judgement = PortJudgement()

    def judge(self, topology: Topology, readings: PortReadings, now: float, clock: float) -> PortJudgement:
        """Judge this moment: `now` is Unix time, `clock` counts seconds from anywhere, always upwards.

        The same object while it says the same.
        """
        if topology is not self._scene.topology or not readings.same_as(self._scene.readings) or now >= self._due:
            self._evaluate(port_scene(topology, readings, now, self._earlier))
        stood = self._standing.update(self._suspects, clock)
        conflicts = tuple(found for key, (found, grace) in self._suspects.items() if stood[key] >= grace)
        pending = len(conflicts) < len(self._suspects)
        if (conflicts, pending) != (self._judgement.conflicts, self._judgement.pending):
            self._judgement = replace(self._judgement, conflicts=conflicts, pending=pending)
        return self._judgement

    def _evaluate(self, scene: PortScene) -> None:
        self._scene, self._due = scene, min(_changes(scene), default=NEVER)
        missing = suspended(scene)
        rules = [rule for rule in PORT_RULES if rule.needs.isdisjoint(missing)]
        lives = {c.name: c.details.started for c in scene.inventory.containers.values() if c.details}
        self._suspects = {
            (replace(found, detail=""), lives.get(found.wanted_by)): (found, rule.grace)
            for rule in rules
            for found in rule.check(scene)
        }
        self._judgement = PortJudgement(
            judged=tuple(rule.kind for rule in rules),
            suspended=missing,
            questions=questions(scene),
            degraded=unreadable_logs(scene.inventory),
        )
        self._learn(scene)

    def _learn(self, scene: PortScene) -> None:
        """Remember which ports of the host each container holds: should it fail to get one, it is known to be its."""
        held: dict[str, set[Port]] = {}
        for port, listeners in scene.listeners.items():
            for listener in listeners:
                if listener.owner.kind == CONTAINER:
                    held.setdefault(listener.owner.name, set()).add(port)
        for name, ports in held.items():
            self._earlier[name] = frozenset(ports)
            self._earlier.move_to_end(name)
        while len(self._earlier) > REMEMBERED:
            self._earlier.popitem(last=False)


def _changes(scene: PortScene) -> Iterator[float]:
    """Yield when the passing of time alone will change what the rules find (Unix time)."""
    for container in scene.inventory.containers.values():
        for moment in (settled(container), grown_up(container)):
            if moment > scene.now:
                yield moment
