"""A live endpoint on another node has no FDB or neighbour row here: this node's containers cannot reach it.

Guard: only overlays with an endpoint of this node have such rows at all; what happens on other nodes makes no event
here, and networks are read again once a minute, so the engine's list may be older than the endpoint's end, which the
rule's hold covers.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.model.docker import RemoteEndpoint
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.overlay import OverlayPeers

KIND = "overlay_peer_missing"


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find the endpoints that lack a row."""
    for network_id, peers in (context.overlays or {}).items():
        network = context.topology.inventory.networks.get(network_id)
        for endpoint in peers.remote if network else ():
            row = _missing_row(peers, endpoint)
            if network and row:
                name = f"{endpoint.name} ({endpoint.ip_address}) on node {endpoint.host_ip}"
                detail = f"no {row} row for {name} in network {network.name}"
                key = network.id, endpoint.endpoint_id
                yield finding(KIND, CRITICAL, network.name, endpoint.ip_address, detail, key=key)


def _missing_row(peers: OverlayPeers, endpoint: RemoteEndpoint) -> str:
    mac_address = peers.rows.neighbours.get(endpoint.ip_address)
    if mac_address is None:
        return "neighbour"
    return "" if (mac_address, endpoint.host_ip) in peers.rows.fdb else "FDB"
