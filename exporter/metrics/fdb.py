"""Forwarding tables: learned addresses of bridges, and nodes of overlays."""

from collections.abc import Iterator

from exporter.core.observation import Observation
from exporter.metrics.build import Metric, gauge


def families(observation: Observation) -> Iterator[Metric]:
    """Both families, each absent when its source failed."""
    topology, learned, peers = observation.topology, observation.learned, observation.overlay_peers
    if learned is not None:
        entries = gauge(
            "dockernet_bridge_fdb_entries",
            "MAC addresses that the bridge has learned, without permanent ones (RTM_GETNEIGH).",
            ("bridge", "network"),
        )
        for bridge in topology.bridges:
            entries.add_metric((bridge.link.name, bridge.network.name), learned.get(bridge.link.ifindex, 0))
        yield entries
    if peers is not None:
        nodes = gauge(
            "dockernet_overlay_peers",
            "Other nodes (VTEPs) in the forwarding table of the overlay's vxlan device (NDA_DST).",
            ("network",),
        )
        for network in topology.networks:
            if network.id in peers:
                nodes.add_metric((network.name,), peers[network.id])
        yield nodes
