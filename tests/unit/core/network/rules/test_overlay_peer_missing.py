"""Endpoints of other nodes that cannot be reached; the rows are those of a recorded Swarm."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.findings.finding import Finding
from exporter.core.model.docker import RemoteEndpoint
from exporter.core.network.rules.overlay_peer_missing import check
from exporter.core.topology.overlay import OverlayPeers, OverlayReading, OverlayRows, overlay_peers
from tests.support.builders import devices, network
from tests.support.findings import network_finding
from tests.support.scenes import FRONT, scene

OVERLAY = replace(network("ov", driver="overlay", subnet="10.77.0.0/24"), scope="swarm")
O2 = RemoteEndpoint("o2-endpoint", "o2", "10.77.0.4", "10.200.0.2")
SVC = RemoteEndpoint("svc-endpoint", "svc.2", "10.77.0.7", "10.200.0.2")
NEIGHBOURS = {"10.77.0.4": "02:42:0a:4d:00:04", "10.77.0.7": "02:42:0a:4d:00:07", "10.77.0.5": "02:42:0a:4d:00:05"}
FDB = frozenset((mac, "10.200.0.2") for mac in NEIGHBOURS.values())
ROWS = OverlayRows(NEIGHBOURS, FDB)
WHOLE = OverlayPeers((O2, SVC), ROWS)


def found(peers: OverlayPeers, **more: Any) -> list[Finding]:
    return list(check(scene(FRONT, OVERLAY, overlays={"ov-net": peers}, **more)))


def test_an_overlay_that_knows_its_peers_shows_nothing() -> None:
    assert found(WHOLE) == []
    assert list(check(scene(FRONT, OVERLAY, overlays={}))) == []
    assert list(check(scene(FRONT, OVERLAY))) == []


def test_a_missing_neighbour_row_is_found(sentence: Any) -> None:
    peers = replace(WHOLE, rows=replace(ROWS, neighbours={"10.77.0.7": "02:42:0a:4d:00:07"}))
    assert list(check(scene(FRONT, OVERLAY, overlays={"ov-net": peers}))) == [
        network_finding(
            "overlay_peer_missing",
            "critical",
            "ov",
            "10.77.0.4",
            sentence,
        )
    ]


@pytest.mark.parametrize("fdb", [frozenset(), frozenset({("02:42:0a:4d:00:04", "10.200.0.3")})])
def test_an_fdb_row_that_is_missing_or_leads_to_another_node_is_found(
    fdb: frozenset[tuple[str, str]], sentence: Any
) -> None:
    assert found(OverlayPeers((O2,), OverlayRows(NEIGHBOURS, fdb))) == [
        network_finding("overlay_peer_missing", "critical", "ov", "10.77.0.4", sentence)
    ]


def test_an_overlay_that_is_gone_is_not_judged() -> None:
    assert list(check(scene(FRONT, overlays={"gone-net": OverlayPeers((O2,), OverlayRows())}))) == []


def test_an_endpoint_whose_node_is_this_one_is_no_remote_one() -> None:
    """The engine's lists of its own endpoints and of all endpoints are not of one moment."""
    topology = scene(OVERLAY, on=devices(addresses={"eth0": ("10.200.0.1",)})).topology
    mine = RemoteEndpoint("o1-endpoint", "o1", "10.77.0.2", "10.200.0.1")
    told = replace(topology, inventory=replace(topology.inventory, remote={"ov-net": (mine, O2)}))
    assert overlay_peers(told, OverlayReading({"ov-net": ROWS})) == {"ov-net": OverlayPeers((O2,), ROWS)}


def test_an_overlay_whose_endpoints_were_not_told_yet_has_none_elsewhere() -> None:
    topology = scene(OVERLAY).topology
    assert overlay_peers(topology, OverlayReading({"ov-net": ROWS})) == {"ov-net": OverlayPeers((), ROWS)}
