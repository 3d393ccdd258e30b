"""The pipeline of one observation: collectors run in order on the same facts, each contributes a part."""

from typing import Protocol, TypeVar

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.observation import Part
from exporter.core.topology.topology import Topology

P = TypeVar("P")


class Facts(Struct, frozen=True):
    """The input of all collectors of one observation, and the parts of those before.

    `time` is Unix time, `monotonic` counts seconds upwards from an arbitrary start.
    """

    topology: Topology
    sample: KernelSample
    time: float
    monotonic: float
    parts: tuple[Part, ...] = ()

    def part(self, kind: type[P]) -> P | None:
        """Return the part of this type; None when its collector is disabled."""
        return next((part for part in self.parts if isinstance(part, kind)), None)


class Collector(Protocol):
    """Not thread-safe: one thread calls both, in the order in which things happened."""

    def update_inventory(self, inventory: Inventory) -> None:
        """Take a new inventory: what it shows may be gone again before the next observation."""

    def collect(self, facts: Facts) -> Part:
        """Return the part. A source that cannot be read is a SourceState, not an exception."""
