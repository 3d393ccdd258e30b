"""The state of the connection to the engine."""

from typing import Protocol

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.observation import EngineStats
from exporter.monitor.collector import Facts


class EngineSource(Protocol):
    """The engine's side."""

    def stats(self) -> EngineStats:
        """Return counts of events and reconnects."""


class EnginePart(Struct, frozen=True):
    """A field of an Observation."""

    engine: EngineStats


class EngineCollector:
    """Without an engine nothing was counted."""

    def __init__(self) -> None:
        self.engine: EngineSource | None = None

    def update_inventory(self, inventory: Inventory) -> None:
        """Counts do not depend on an inventory."""

    def collect(self, facts: Facts) -> EnginePart:  # noqa: ARG002
        """Return the counts so far."""
        return EnginePart(self.engine.stats() if self.engine else EngineStats())
