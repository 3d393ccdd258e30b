"""connect_failing, from real connects to the finding: a port on which nothing listens is found, busy traffic is not."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.core.model.kernel_sample import KernelSample
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.network.rules.connect_failing import KIND, MIN_TRIES
from exporter.core.topology.topology import join
from exporter.kernel.connections.source import ConnectionSource
from exporter.monitor.collector import Facts
from exporter.monitor.connections import ConnectionCollector
from tests.support.builders import devices, inventory, network, run
from tests.support.kernel.container_processes import procfs_of
from tests.support.kernel.tcp_traffic import CLIENT, SERVER, SUBNET, Pair, connected, exchange, fails, listening

WEB, DB = "a" * 64, "b" * 64
FORGET, HELD = 3600.0, 60.0
Found = set[tuple[str, str, str]]  # severity, network, subject


class Judged:
    """The two namespaces as the containers `web` and `db`, and what the rule says of the connects between them."""

    def __init__(self, spaces: Pair, source: ConnectionSource) -> None:
        web = run("web", network="front", ip=CLIENT, pid=spaces.client, container_id=WEB)
        db = run("db", network="front", ip=SERVER, pid=spaces.server, container_id=DB)
        self._topology = join(inventory(network("front", subnet=SUBNET), web, db), devices())
        self._spaces = spaces
        self._collector, self._evaluator = ConnectionCollector(source, FORGET), NetworkEvaluator()
        self._collector.update_inventory(self._topology.inventory)
        self._now = 1000.0
        self.look()

    def look(self, later: float = 1.0) -> Found:
        """Read and judge, so many seconds after the last look."""
        self._now += later
        facts = Facts(self._topology, KernelSample(self._topology.devices), self._now, self._now)
        part = self._collector.collect(facts)
        assert part.connection_context is not None
        result = self._evaluator.evaluate(self._topology, None, self._now, connections=part.connection_context)
        assert KIND not in result.evaluation.not_evaluated
        found = [finding for finding in result.evaluation.findings if finding.kind == KIND]
        return {(finding.severity, finding.labels["network"], finding.labels["subject"]) for finding in found}

    def refused(self, port: int, times: int) -> None:
        """Connects of web to a port on which nothing listens."""
        for _ in range(times):
            assert fails(self._spaces.client, SERVER, port) == errno.ECONNREFUSED

    def served(self, port: int, times: int) -> None:
        """Connects of web that db answers."""
        with listening(self._spaces.server, SERVER, port) as server:
            for _ in range(times):
                with connected(self._spaces.client, server) as ends:
                    exchange(*ends, 1000, 1000)


@pytest.fixture
def judged(spaces: Pair, tmp_path: Path) -> Iterator[Judged]:
    """Counting."""
    source = ConnectionSource(procfs_of(tmp_path, {WEB: spaces.client, DB: spaces.server}), Path("/sys"))
    source.start()
    if not source.loaded:
        pytest.skip(f"this kernel lets no such program in: {source.degraded()}")
    yield Judged(spaces, source)
    source.stop()


def test_a_port_on_which_nothing_listens_is_found_until_a_connect_succeeds(judged: Judged) -> None:
    judged.refused(5432, MIN_TRIES)
    assert judged.look() == set()
    assert judged.look(HELD) == {("warning", "front", "web to db:5432")}
    judged.served(5432, 1)
    assert judged.look() == set()


def test_an_ordinary_busy_host_shows_nothing(judged: Judged) -> None:
    """Many requests of which a few fail, a server that starts late, and a probe of a port that few try."""
    judged.refused(6379, 3 * MIN_TRIES)
    judged.look()
    judged.served(6379, 5)
    judged.refused(5432, MIN_TRIES)
    judged.served(5432, 100)
    judged.refused(81, MIN_TRIES - 1)
    assert judged.look() == set()
    assert judged.look(HELD) == set()
