"""Observation: everything that is exposed of one moment, assembled from the parts of the collectors."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from msgspec import Struct, field

from exporter.core.connections.context import ConnectionContext
from exporter.core.connections.lookups import LookupCounts
from exporter.core.connections.pair import ConnectionReport
from exporter.core.findings.evaluator import Evaluation
from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.docker import Link
from exporter.core.model.ipsec import IpsecPolicy
from exporter.core.model.kernel_sample import Degraded, SourceState, StatsRow
from exporter.core.model.sockets import HostSockets, ListeningSocket, ProxyUse
from exporter.core.nat.view import NatView
from exporter.core.network.result import NetworkResult
from exporter.core.ports.bind_failures import BindFailureReport, RefusedBind
from exporter.core.ports.result import PortResult
from exporter.core.topology.topology import EndpointKey, Topology
from exporter.core.traffic.tcp_udp_ledger import NamespaceCounts

NETWORK, PORT, NAT = "network", "port", "nat"  # the groups of rules
JOINED = frozenset({"sources", "degraded"})
RESYNC_REASONS = ("start", "reconnect", "overflow", "periodic")


class EngineStats(Struct, frozen=True):
    """The state of the event stream since `started` (Unix time); counts of events are lower bounds.

    `listed_at` is the Unix time of the last full list, 0 before the first.
    """

    started: float = 0.0
    stream_connected: bool = False
    events: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reconnects: int = 0
    resyncs: Mapping[str, int] = field(default_factory=dict)
    listed_at: float = 0.0


class Observation(Struct, frozen=True):
    """A topology with its counters and the state of the sources.

    `endpoints` are the sums (the host's view) of `topology.counted`, `created` when each began (Unix time), both by
    endpoint key. `networks` are the sums of `topology.networks`, `splits` those of `topology.bridges`, both by network
    id. `rows` is every device's reading by ifindex. They are None when the counters could not be read. `learned` is by
    a bridge's ifindex, `overlay_peers` by network id, `real_servers` those of IPVS in the routing mesh (None if not
    known), `proxies` by a container's name, `inside` (the listeners of a
    network namespace) by the id of the container that owns it; `redirected` are the ids of those whose namespace has
    NAT rules on its prerouting hook. `filters` and `ipsec` are read for `explain` alone, None if not.
    `changes` are the entries of the history by kind, None where none is recorded.
    """

    topology: Topology
    endpoints: Mapping[EndpointKey, StatsRow] | None = None
    created: Mapping[EndpointKey, float] = field(default_factory=dict)
    networks: Mapping[str, StatsRow] | None = None
    splits: Mapping[str, StatsRow] | None = None
    rows: Mapping[int, StatsRow] | None = None
    engine: EngineStats = field(default_factory=EngineStats)
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    overflows: int = 0
    network: NetworkResult = field(default_factory=NetworkResult)
    ports: PortResult = field(default_factory=PortResult)
    namespaces: NamespaceCounts = field(default_factory=NamespaceCounts)
    learned: Mapping[int, int] | None = None
    overlay_peers: Mapping[str, int] | None = None
    real_servers: frozenset[str] | None = None
    nat: NatView | None = None
    bind_failures: BindFailureReport | None = None
    connections: ConnectionReport | None = None
    connection_context: ConnectionContext | None = None
    lookups: LookupCounts = field(default_factory=LookupCounts)
    refused_binds: Sequence[RefusedBind] = ()
    sockets: HostSockets | None = None
    proxies: Mapping[str, ProxyUse] | None = None
    inside: Mapping[str, tuple[ListeningSocket, ...]] | None = None
    redirected: frozenset[str] = frozenset()
    filters: tuple[DeviceFilter, ...] | None = None
    ipsec: tuple[IpsecPolicy, ...] | None = ()
    changes: Mapping[str, int] | None = None

    @property
    def evaluations(self) -> Mapping[str, Evaluation]:
        """The evaluation of each group of rules; NAT is absent while its collector is off."""
        found = {NETWORK: self.network.evaluation, PORT: self.ports.evaluation}
        return {**found, NAT: self.nat.evaluation} if self.nat else found

    def readings(self, links: Iterable[Link]) -> list[StatsRow | None] | None:
        """Return the devices' own counters in the order of `links`; None when the source failed."""
        rows = self.rows
        return None if rows is None else [rows.get(link.ifindex) for link in links]


class Part(Protocol):
    """What one collector contributes: a Struct with the names and types of fields of an Observation."""

    __struct_fields__: ClassVar[tuple[str, ...]]


def assemble(topology: Topology, parts: Iterable[Part], changes: Mapping[str, int] | None = None) -> Observation:
    """Join parts: `sources` and `degraded` of all of them in their order, any other field of the one that has it."""
    values: dict[str, Any] = {"changes": changes}
    for part in parts:
        for name in part.__struct_fields__:
            value = getattr(part, name)
            values[name] = (*values.get(name, ()), *value) if name in JOINED else value
    return Observation(topology, **values)
