"""A private host as the exporter judges it: the engine followed, the kernel read, at moments of the caller's own."""

from pathlib import Path
from types import TracebackType
from typing import Self

from exporter.core.model.docker import Inventory
from exporter.core.model.fib import FibReading
from exporter.core.model.inventory import sandboxed
from exporter.core.network.context import NetworkReadings
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.network.result import NetworkResult
from exporter.core.topology.overlay import overlay_namespaces
from exporter.core.topology.route_queries import container_routes, queries
from exporter.core.topology.topology import Topology, join
from exporter.docker_engine.settings import TIMING, Timing
from exporter.docker_engine.watcher import EngineWatcher
from exporter.kernel.proc import read_cgroup_pid
from exporter.kernel.sampler import KernelSampler
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

PROC, SYS = Path("/proc"), Path("/sys")
LONG = 1000.0
LOOKUP_SECONDS = 30.0


class Watched:
    """Looks at a host. What is a fault only when it stays has stood for as long as the caller says."""

    def __init__(self, host: PrivateHost, timing: Timing = TIMING) -> None:
        self._host = host
        self._inventory = Inventory()
        self._topology: Topology | None = None
        with host.netns():
            self._kernel = KernelSampler(PROC)
            self._kernel.start()
        self._engine = EngineWatcher(host.docker_url, lambda cid: read_cgroup_pid(SYS, cid), self._take, timing=timing)
        self._engine.start()
        self.evaluator = NetworkEvaluator()
        try:
            until(lambda: self._inventory.members, 60, "an inventory with the members of its networks")
        except TimeoutError:
            self.__exit__(None, None, None)
            raise

    def topology(self) -> Topology:
        """What is there now: the same object while nothing changed."""
        inventory = self._inventory
        with self._host.netns():
            devices = self._kernel.devices(sandboxed(inventory))
        known = self._topology
        if known is None or known.inventory is not inventory or known.devices is not devices:
            known = self._topology = join(inventory, devices)
            files = overlay_namespaces(known).items()
            self._kernel.update_overlays({network_id: str(self._host.path(path)) for network_id, path in files})
        return known

    def lookups(self) -> FibReading:
        """The results of route lookups, as read last."""
        return self._kernel.fib

    def remote(self) -> set[str]:
        """The names of endpoints on other nodes, as the engine told."""
        return {endpoint.name for told in self._inventory.remote.values() for endpoint in told}

    def nodes(self) -> set[str]:
        """The other nodes to which overlays send, as read last."""
        self.topology()
        return {node for rows in self._kernel.overlays().rows.values() for node in rows.nodes}

    def look(self, now: float) -> NetworkResult:
        """Judge what is there now; `now` is the time of this look."""
        with self._host.netns():
            sample = self._kernel.sample(sandboxed(self._inventory), self._inventory)
        topology = self.topology()
        routes = container_routes(topology)
        self._kernel.update_route_queries(wanted := queries(routes))
        until(lambda: self._kernel.fib.results.keys() >= wanted, LOOKUP_SECONDS, "route lookups")
        readings = NetworkReadings(self._kernel.overlays(), routes, self._kernel.fib, sample.netns)
        result = self.evaluator.evaluate(topology, sample.conntrack, now, readings)
        assert result.evaluation.missing == ()
        return result

    def stays(self) -> set[tuple[str, str, str]]:
        """Kind, network and subject of what is found when all that is seen now has stood for long."""
        self.evaluator = NetworkEvaluator()
        self.look(0.0)
        return {
            (finding.kind, finding.labels["network"], finding.labels["subject"])
            for finding in self.look(LONG).evaluation.findings
        }

    def _take(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.stop()
        self._kernel.stop()
