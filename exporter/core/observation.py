"""Observation: all that the outside sees of one moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import Degraded, SourceState, StatsRow
from exporter.core.model.sockets import HostSockets, ListeningSocket, ProxyUse
from exporter.core.nat.tracker import NatView
from exporter.core.network.result import Judgement
from exporter.core.ports.bind_failures import BindFailureReport
from exporter.core.ports.result import PortJudgement
from exporter.core.topology.topology import Topology
from exporter.core.traffic.tcp_udp_ledger import NamespaceCounts

RESYNC_REASONS = ("start", "reconnect", "overflow", "periodic")


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

    `endpoints` are the sums (the host's view) of `topology.counted` and `began` when they began (Unix time),
    `networks` are those of `topology.networks`, `splits` those of `topology.bridges`, each in that order; `rows` is
    every device's reading by ifindex. They are None when the counters could not be read. `learned` is by a
    bridge's ifindex, `overlay_peers` by network id, `proxies` by a container's name, `inside` (who listens in a network
    namespace) by the id of the container that owns it.
    """

    topology: Topology
    endpoints: Sequence[StatsRow] | None = None
    began: Sequence[float] = ()
    networks: Sequence[StatsRow] | None = None
    splits: Sequence[StatsRow] | None = None
    rows: Mapping[int, StatsRow] | None = None
    engine: EngineStats = field(default_factory=EngineStats)
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    overflows: int = 0
    judgement: Judgement = field(default_factory=Judgement)
    namespaces: NamespaceCounts = field(default_factory=NamespaceCounts)
    learned: Mapping[int, int] | None = None
    overlay_peers: Mapping[str, int] | None = None
    nat: NatView | None = None
    ports: PortJudgement = field(default_factory=PortJudgement)
    bind_failures: BindFailureReport | None = None
    sockets: HostSockets | None = None
    proxies: Mapping[str, ProxyUse] | None = None
    inside: Mapping[str, tuple[ListeningSocket, ...]] | None = None

    def readings(self, links: Iterable[Link]) -> list[StatsRow | None] | None:
        """Return the devices' own counters in the order asked; None when the source failed."""
        rows = self.rows
        return None if rows is None else [rows.get(link.ifindex) for link in links]
