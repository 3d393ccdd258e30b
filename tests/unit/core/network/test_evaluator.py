"""What is judged anew, and when."""

from msgspec.structs import replace

from exporter.core.model.docker import AddressPool, Inventory, RemoteEndpoint
from exporter.core.network.context import NetworkReadings
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.topology.address_pools import PoolUse
from exporter.core.topology.overlay import OverlayReading, OverlayRows
from exporter.core.topology.topology import Topology, join
from tests.support.builders import ENGINE, devices, inventory, network

OVERLAY = replace(network("ov", driver="overlay"), scope="swarm")
TWO = RemoteEndpoint("two-endpoint", "two", "10.0.1.4", "192.0.2.2")
KNOWN = OverlayRows({"10.0.1.4": "02:42:0a:00:01:04"}, frozenset({("02:42:0a:00:01:04", "192.0.2.2")}))
LONG = 3600.0


def host(found: Inventory | None = None) -> Topology:
    """A node with an overlay on which another node has an endpoint."""
    return join(replace(found or inventory(OVERLAY), remote={"ov-net": (TWO,)}), devices())


def kinds(evaluator: NetworkEvaluator, topology: Topology, reading: OverlayReading, now: float) -> list[str]:
    return [
        finding.kind
        for finding in evaluator.evaluate(topology, None, now, NetworkReadings(reading)).evaluation.findings
    ]


def test_rows_of_an_overlay_that_go_and_come_back_are_noticed_while_the_topology_stays() -> None:
    evaluator, topology = NetworkEvaluator(), host()
    whole, broken = OverlayReading({"ov-net": KNOWN}), OverlayReading({"ov-net": OverlayRows()})
    assert kinds(evaluator, topology, whole, 0.0) == []
    assert kinds(evaluator, topology, broken, LONG) == []
    assert kinds(evaluator, topology, broken, LONG + 91) == ["overlay_peer_missing"]
    assert kinds(evaluator, topology, whole, LONG + 92) == []


def test_overlays_that_cannot_be_read_are_not_judged_and_that_is_said() -> None:
    hidden = OverlayReading({"ov-net": OverlayRows()}, complete=False)
    found = NetworkEvaluator().evaluate(host(), None, 0.0, NetworkReadings(hidden))
    assert "overlays" in found.evaluation.missing
    assert "overlay_peer_missing" not in found.evaluation.evaluated
    again = NetworkEvaluator().evaluate(host(), None, 0.0, NetworkReadings(OverlayReading({"ov-net": KNOWN})))
    assert "overlays" not in again.evaluation.missing
    assert "overlay_peer_missing" in again.evaluation.evaluated


def test_a_manager_knows_overlays_that_have_no_endpoint_here_and_nothing_is_missing() -> None:
    assert "overlays" not in NetworkEvaluator().evaluate(host(), None, 0.0).evaluation.missing


def test_configured_address_pools_are_counted_in_place_of_the_built_in_ones() -> None:
    known = inventory(network("front", subnet="10.200.0.64/26"))
    assert NetworkEvaluator().evaluate(host(known), None, 0.0).pools == PoolUse(0, 31)
    told = replace(known, engine=replace(ENGINE, address_pools=(AddressPool("10.200.0.0/16", 26),)))
    assert NetworkEvaluator().evaluate(host(told), None, 0.0).pools == PoolUse(1, 1023)
