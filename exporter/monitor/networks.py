"""Findings about networks, with the peers of overlays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from exporter.core.model.docker import Inventory
from exporter.core.network.evaluator import NetworkEvaluator
from exporter.core.network.result import NetworkResult
from exporter.core.topology.overlay import OverlayReading
from exporter.monitor.collector import Facts


class OverlayKernel(Protocol):
    """The kernel's side."""

    def overlays(self) -> OverlayReading:
        """Return the last readings of the overlays."""


@dataclass(frozen=True, slots=True)
class NetworkPart:
    """Fields of an Observation."""

    network: NetworkResult
    overlay_peers: Mapping[str, int]


class NetworkCollector:
    """Evaluates the rules about networks."""

    def __init__(self, kernel: OverlayKernel) -> None:
        self._kernel = kernel
        self._evaluator = NetworkEvaluator()

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: an address may change twice between two observations."""
        self._evaluator.update_inventory(inventory)

    def collect(self, facts: Facts) -> NetworkPart:
        """Evaluate this moment."""
        overlays = self._kernel.overlays()
        return NetworkPart(
            network=self._evaluator.evaluate(facts.topology, facts.sample.conntrack, facts.monotonic, overlays),
            overlay_peers={network_id: len(rows.nodes) for network_id, rows in overlays.rows.items()},
        )
