"""The ports of a private host as the exporter judges them, at moments of the caller's own."""

import time
from types import TracebackType
from typing import NamedTuple, Self

import pytest

from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.result import PortJudgement
from exporter.core.ports.rules import BETWEEN
from exporter.kernel.bind_failures.source import BindSource
from exporter.kernel.nat.source import NatSource
from exporter.monitor.bind_failures import BindMonitor
from exporter.monitor.nat import NatMonitor
from exporter.monitor.ports import PortMonitor
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
        self._ports = PortMonitor(self._watched._kernel)
        with host.netns():
            self._rules = NatSource(PROC)
            self._rules.start()
            binds = BindSource(SYS)
        self._nat = NatMonitor(self._rules)
        if refusals:
            binds.start()
        self._binds, self._refused = binds, BindMonitor(binds)
        if refusals and not binds.loaded:
            self.close()
            pytest.skip(f"the kernel tells of no refusals: {binds.degraded()}")
        self._later = 0.0

    def look(self, later: float = 0.0) -> PortJudgement:
        """Read and judge, as if so many seconds had passed since the last look."""
        self._later += later
        sample, topology = self._read(), self._watched.topology()
        self._nat.follow(topology.inventory)
        self._refused.follow(topology.inventory)
        evidence, now = self._refused.observe(sample.sockets, time.time()).evidence, time.time() + self._later
        with self._host.netns():
            redirects = self._nat.observe(topology, sample.sockets, here=True)[0].redirects
            return self._ports.observe(topology, sample, now, self._later, evidence, redirects)

    def found(self, later: float = BETWEEN) -> set[Found]:
        """What is found when all that is seen now has stood for so long, and reasons why not all of it is judged."""
        self.look(later)
        judgement = self.look(later)
        reasons = {Found("suspended", "", reason) for reason in judgement.suspended}
        return {_shortened(conflict) for conflict in judgement.conflicts} | reasons

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


def _shortened(found: PortConflict) -> Found:
    port = f"{found.protocol} {found.address} {found.port}"
    return Found(found.kind, port, found.wanted_by, found.holder, found.holder_kind, found.severity, found.confidence)
