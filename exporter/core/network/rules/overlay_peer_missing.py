"""A live endpoint on another node has no FDB or neighbour row here: this node's containers cannot reach it.

Guard: only overlays with an endpoint of this node have such rows at all; what happens on other nodes makes no event
here, and networks are read again once a minute, so the engine's list may be older than the endpoint's end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.model.docker import Network, RemoteEndpoint
from exporter.core.network.context import Scene
from exporter.core.topology.overlay import OverlayPeers

KIND = "overlay_peer_missing"
GRACE = 90.0


@dataclass(frozen=True, slots=True)
class Missing:
    """An endpoint of another node, and which row of it is not there."""

    network: Network
    endpoint: RemoteEndpoint
    row: str


def check(scene: Scene) -> Iterator[Finding]:
    """Report those that have stood for long enough."""
    for found in suspects(scene) if scene.seen_since else ():
        endpoint, network = found.endpoint, found.network.name
        if scene.seen_since.get((KIND, found.network.id, endpoint.endpoint_id), 0.0) > GRACE:
            name = f"{endpoint.name} ({endpoint.ip_address}) on node {endpoint.host_ip}"
            detail = f"no {found.row} row for {name} in network {network}"
            yield Finding(KIND, CRITICAL, network, endpoint.ip_address, detail)


def suspects(scene: Scene) -> Iterator[Missing]:
    """Find the endpoints that lack a row."""
    for network_id, peers in (scene.overlays or {}).items():
        network = scene.topology.inventory.networks.get(network_id)
        for endpoint in peers.remote if network else ():
            row = _missing_row(peers, endpoint)
            if network and row:
                yield Missing(network, endpoint, row)


def _missing_row(peers: OverlayPeers, endpoint: RemoteEndpoint) -> str:
    mac_address = peers.rows.neighbours.get(endpoint.ip_address)
    if mac_address is None:
        return "neighbour"
    return "" if (mac_address, endpoint.host_ip) in peers.rows.fdb else "FDB"
