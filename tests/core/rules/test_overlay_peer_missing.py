"""Endpoints of other nodes that cannot be reached; the rows are those of a recorded Swarm."""

from dataclasses import replace

import pytest

from exporter.core.finding import Finding
from exporter.core.overlay import OverlayPeers, RemoteEndpoint
from exporter.core.rules.network.overlay_peer_missing import GRACE, KIND, check
from tests.builders import network
from tests.core.rules.scenes import FRONT, LONG, scene

OVERLAY = replace(network("ov", driver="overlay", subnet="10.77.0.0/24"), scope="swarm")
O2 = RemoteEndpoint("o2", "10.77.0.4", "10.200.0.2")
SVC = RemoteEndpoint("svc.2", "10.77.0.7", "10.200.0.2")
NEIGHBOURS = {"10.77.0.4": "02:42:0a:4d:00:04", "10.77.0.7": "02:42:0a:4d:00:07", "10.77.0.5": "02:42:0a:4d:00:05"}
FDB = dict.fromkeys(NEIGHBOURS.values(), "10.200.0.2")
WHOLE = OverlayPeers((O2, SVC), NEIGHBOURS, FDB)


def found(peers: OverlayPeers, **more: object) -> list[str]:
    return [f.detail for f in check(scene(FRONT, OVERLAY, overlays={"ov-net": peers}, **more))]


def test_an_overlay_that_knows_its_peers_shows_nothing() -> None:
    assert found(WHOLE) == []
    assert list(check(scene(FRONT, OVERLAY, overlays={}))) == []
    assert list(check(scene(FRONT, OVERLAY))) == []


def test_a_missing_neighbour_row_is_found() -> None:
    peers = replace(WHOLE, neighbours={"10.77.0.7": "02:42:0a:4d:00:07"})
    assert list(check(scene(FRONT, OVERLAY, overlays={"ov-net": peers}))) == [
        Finding(
            "overlay_peer_missing",
            "critical",
            "ov",
            "10.77.0.4",
            "no neighbour row for o2 (10.77.0.4) on node 10.200.0.2 in network ov",
        )
    ]


@pytest.mark.parametrize("fdb", [{}, {"02:42:0a:4d:00:04": "10.200.0.3"}])
def test_an_fdb_row_that_is_missing_or_leads_to_another_node_is_found(fdb: dict[str, str]) -> None:
    assert found(OverlayPeers((O2,), NEIGHBOURS, fdb)) == [
        "no FDB row for o2 (10.77.0.4) on node 10.200.0.2 in network ov"
    ]


@pytest.mark.parametrize(("stood", "expected"), [(GRACE, 0), (GRACE + 1, 1)])
def test_the_rows_take_a_moment(stood: float, expected: int) -> None:
    peers = OverlayPeers((O2,))
    assert len(found(peers, seen_since={(KIND, "ov-net", "10.77.0.4"): stood})) == expected
    assert found(peers, seen_since={(KIND, "ov-net", "10.77.0.7"): LONG}) == []


def test_an_overlay_that_is_gone_is_not_judged() -> None:
    assert list(check(scene(FRONT, overlays={"gone-net": OverlayPeers((O2,))}))) == []
