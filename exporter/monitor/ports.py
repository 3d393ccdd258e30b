"""Ports beside the monitor: what was read of them, held against the topology."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import structlog

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.model.sockets import BoundSocket, ListeningSocket
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.bind_failures import RefusedBind
from exporter.core.ports.context import NOTHING, Port, PortReadings
from exporter.core.ports.evaluator import PortJudge
from exporter.core.ports.refused_binds import RefusedBinds
from exporter.core.ports.result import PortJudgement
from exporter.core.ports.socket_owner import with_watched_namespace
from exporter.core.topology.topology import Topology

# How often the kernel is asked who has a port that nobody listens on: it walks all connections for that.
ASK_SECONDS = 10.0
# Until a container's namespace is read, at the latest.
SWEEP_SECONDS = 15.0

Bound = Mapping[Port, tuple[BoundSocket, ...]]

log = structlog.get_logger(component="ports")


class PortKernel(Protocol):
    """What is asked of the kernel's side."""

    def bound(self, questions: Collection[Port]) -> Bound:
        """Read who has these ports in whatever state. Raises OSError."""


class PortMonitor:
    """Asked under the monitor's lock."""

    def __init__(self, kernel: PortKernel) -> None:
        self._kernel = kernel
        self._judge = PortJudge()
        self._refused = RefusedBinds()
        self._watched: tuple[Inventory, Mapping[str, float]] = (Inventory(), {})  # when they started, by id
        self._questions: frozenset[Port] = frozenset()
        self._bound: Bound = NOTHING
        self._ask_at = 0.0

    def observe(
        self,
        topology: Topology,
        sample: KernelSample,
        now: float,
        clock: float,
        refused: Iterable[RefusedBind] = (),
        redirects: tuple[Redirect, ...] | None = None,
    ) -> PortJudgement:
        """Judge this moment: `now` is Unix time, `clock` counts seconds from anywhere, always upwards.

        `refused` may tell again what it told before; `redirects` are the same object while they did not change.
        """
        self._refused.take(refused)
        while True:
            readings = PortReadings(
                sockets=sample.sockets,
                namespaces=self._namespaces(topology.inventory, sample, now),
                redirects=redirects,
                reserved=sample.reserved_ports,
                bound=self._bound,
                refused=self._refused.current(topology.inventory, now),
            )
            judgement = self._judge.judge(topology, readings, now, clock)
            if not self._learns(judgement.questions, clock):
                return judgement

    def _learns(self, questions: frozenset[Port], clock: float) -> bool:
        """Ask what is worth asking; return whether the answer is another than before."""
        if questions == self._questions and (not questions or clock < self._ask_at):
            return False
        self._questions, self._ask_at = questions, clock + ASK_SECONDS
        before = self._bound
        try:
            self._bound = self._kernel.bound(questions) if questions else NOTHING
        except OSError as error:
            log.warning("who has a port could not be read", error=str(error))
        return self._bound is not before

    def _namespaces(
        self, inventory: Inventory, sample: KernelSample, now: float
    ) -> Mapping[str, tuple[ListeningSocket, ...]] | None:
        """Return what listens in containers' namespaces; None while of all that matter none can be read."""
        if self._watched[0] is not inventory:
            started = {c.id: c.details.started if c.details else 0.0 for c in with_watched_namespace(inventory)}
            self._watched = inventory, started
        watched = self._watched[1]
        if sample.namespace_sockets is None:
            return None
        listeners = sample.namespace_sockets.listeners
        hidden = watched.keys().isdisjoint(listeners) and any(start + SWEEP_SECONDS < now for start in watched.values())
        return None if hidden else listeners
