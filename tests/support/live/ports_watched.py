"""The ports of a private host as the exporter judges them, at moments of the caller's own."""

import time
from types import TracebackType
from typing import NamedTuple, Self

import pytest
from msgspec.structs import replace

from exporter.core.findings.finding import Finding
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.ports.conflict import LABELS
from exporter.core.ports.result import PortResult
from exporter.core.ports.rules import HOLD_SECONDS
from exporter.kernel.bind_failures.source import BindSource
from exporter.kernel.nat.source import NatSource
from exporter.monitor.bind_failures import BindFailureCollector
from exporter.monitor.collector import Facts
from exporter.monitor.nat import NatCollector
from exporter.monitor.ports import PortCollector
from tests.support.live.watched import PROC, SYS, Watched
from tests.support.private_host.host import PrivateHost


class Found(NamedTuple):
    """A conflict without its sentence."""

    kind: str
    port: str
    wanted_by: str
    holder: str = ""
    holder_kind: str = ""
    severity: str = "warning"
    confidence: str = "confirmed"


class PortsWatched:
    """Looks at a host's ports."""

    def __init__(self, host: PrivateHost, *, refusals: bool = False) -> None:
        """`refusals` are told by the kernel, too; a test that needs them is skipped where it does not."""
        self._host = host
        self._watched = Watched(host)
        self._ports = PortCollector(self._watched._kernel)
        with host.netns():
            self._rules = NatSource(PROC)
            self._rules.start()
            binds = BindSource(SYS, tracepoints=True)
        self._nat = NatCollector(self._rules)
        if refusals:
            binds.start()
        self._binds, self._refused = binds, BindFailureCollector(binds)
        if refusals and not binds.loaded:
            self.close()
            pytest.skip(f"the kernel tells of no refusals: {binds.degraded()}")
        self._later = 0.0

    def look(self, later: float = 0.0) -> PortResult:
        """Read and judge, as if so many seconds had passed since the last look."""
        self._later += later
        sample, topology = self._read(), self._watched.topology()
        facts = Facts(topology, sample, time.time() + self._later, self._later)
        with self._host.netns():
            for collector in (self._nat, self._refused):
                collector.update_inventory(topology.inventory)
                facts = replace(facts, parts=(*facts.parts, collector.collect(facts)))
            return self._ports.collect(facts).ports

    def found(self, later: float = HOLD_SECONDS) -> set[Found]:
        """What is found when all that is seen now has stood for so long, and reasons why not all of it is judged."""
        self.look(later)
        evaluation = self.look(later).evaluation
        reasons = {Found("suspended", "", reason) for reason in evaluation.missing}
        return {_shortened(conflict) for conflict in evaluation.findings} | reasons

    def held(self, name: str) -> set[tuple[str, int]]:
        """The ports of the host that a container has, as last read."""
        sockets = self._read().sockets
        listeners = sockets.listeners if sockets else ()
        return {(one.socket.protocol, one.socket.port) for one in listeners if one.owner.name == name}

    def inside(self, name: str) -> set[tuple[str, int]]:
        """What listens in a container's namespace, as last read."""
        namespaces = self._read().namespace_sockets
        ids = {c.name: c.id for c in self._watched.topology().inventory.containers.values()}
        found = namespaces.listeners.get(ids.get(name, ""), ()) if namespaces else ()
        return {(socket.protocol, socket.port) for socket in found}

    def _read(self) -> KernelSample:
        inventory = self._watched.topology().inventory
        with self._host.netns():
            return self._watched._kernel.sample(sandboxed(inventory), inventory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Look no more."""
        self._binds.stop()
        self._rules.stop()
        self._watched.__exit__(None, None, None)


def _shortened(found: Finding) -> Found:
    protocol, address, port, wanted_by, holder, holder_kind = (found.labels[name] for name in LABELS)
    place = f"{protocol} {address} {port}"
    return Found(found.kind, place, wanted_by, holder, holder_kind, found.severity, found.confidence)
