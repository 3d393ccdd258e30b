"""Connections in an observation: sums, and findings about pairs whose connects fail."""

from msgspec.structs import replace

from exporter.core.connections.pair import Pair
from exporter.core.connections.reading import Reading
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, KernelSample, SourceState
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.topology.topology import join
from exporter.monitor.collector import Facts
from exporter.monitor.connections import ConnectionCollector, ConnectionPart
from tests.support.builders import devices
from tests.support.connection_rows import HOST_COOKIE, end, row, shop

WEB_DB = Pair("web", "db", "container", "5432", "client")
TOPOLOGY = join(shop(), devices())


class FakeConnections:
    """The kernel's side: connects of web to db that are refused, as many as set."""

    older_counted, host_cookie = True, HOST_COOKIE

    def __init__(self, *, loaded: bool = True) -> None:
        self.loaded, self.refused = loaded, 0

    def update_inventory(self, inventory: Inventory) -> None:
        """Nothing depends on it."""

    def read(self) -> tuple[Reading | None, SourceState]:
        """One end."""
        return Reading([row(end(), refused=self.refused)]), SourceState("connections", up=True)

    def namespaces(self, _: Inventory) -> dict[int, str]:
        """None is visible."""
        return {}

    def degraded(self) -> tuple[Degraded, ...]:
        """A reason."""
        return (Degraded("connections", "no_bpf", "grant it"),)


def collected(kernel: FakeConnections, *refused: int) -> ConnectionPart:
    """The part of the last of these readings, which are 15 seconds apart."""
    collector = ConnectionCollector(kernel, 3600.0)
    collector.update_inventory(TOPOLOGY.inventory)
    facts = Facts(TOPOLOGY, KernelSample(TOPOLOGY.devices), 1000.0, 5.0)
    for count in refused:
        kernel.refused = count
        facts = replace(facts, time=facts.time + 15, monotonic=facts.monotonic + 15)
        part = collector.collect(facts)
    return part


def test_refused_connects_are_found_once_they_have_failed_for_a_minute() -> None:
    part = collected(FakeConnections(), 3, 12)
    assert part.connections is not None
    assert part.connection_context is not None
    assert part.connections.pairs[WEB_DB].counts.refused == 12
    evaluator = NetworkEvaluator()
    early, late = (
        evaluator.evaluate(TOPOLOGY, None, now, connections=part.connection_context).evaluation for now in (0.0, 60.0)
    )
    assert early.pending["connect_failing"] == 60.0
    assert [finding.kind for finding in late.findings if finding.kind == "connect_failing"] == ["connect_failing"]


def test_where_nothing_is_counted_its_kinds_are_neither_evaluated_nor_suspended() -> None:
    part = collected(FakeConnections(loaded=False), 12)
    assert (part.connections, part.connection_context) == (None, None)
    assert [missing.reason for missing in part.degraded] == ["no_bpf"]
    found = NetworkEvaluator().evaluate(TOPOLOGY, None, 0.0, connections=part.connection_context).evaluation
    assert "connect_failing" not in {*found.evaluated, *found.not_evaluated}
