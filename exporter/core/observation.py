"""Observation: all that the outside sees of one moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.core.model import Inventory, Link
from exporter.core.sample import Degraded, SourceState, StatsRow
from exporter.core.topology import Topology

RESYNC_REASONS = ("start", "reconnect", "overflow", "periodic")

NO_HOST_NETWORK = Degraded(
    "links",
    "no_host_network",
    "run in the host's network namespace (--network=host): the engine's bridges are not visible from here",
)


@dataclass(frozen=True, slots=True)
class EngineStats:
    """How following the engine went since `started` (Unix time); counts of events are lower bounds."""

    started: float = 0.0
    stream_connected: bool = False
    events: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reconnects: int = 0
    resyncs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """A topology with its counters and the state of the sources.

    `endpoints` are the sums (the host's view) of `topology.counted`, `networks` those of `topology.networks`, `splits`
    those of `topology.bridges`, each in that order; `rows` is every device's reading by ifindex. All are None when the
    counters could not be read.
    """

    topology: Topology
    endpoints: Sequence[StatsRow] | None = None
    networks: Sequence[StatsRow] | None = None
    splits: Sequence[StatsRow] | None = None
    rows: Mapping[int, StatsRow] | None = None
    engine: EngineStats = field(default_factory=EngineStats)
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    overflows: int = 0

    def readings(self, links: Iterable[Link]) -> list[StatsRow | None] | None:
        """Return the devices' own counters in the order asked; None when the source failed."""
        rows = self.rows
        return None if rows is None else [rows.get(link.ifindex) for link in links]


def missing_bridges(inventory: Inventory, topology: Topology) -> tuple[Degraded, ...]:
    """Tell that this is not the engine's network namespace: none of its bridges is here."""
    expected = any(network.bridge for network in inventory.networks.values())
    return (NO_HOST_NETWORK,) if expected and not topology.bridges else ()
