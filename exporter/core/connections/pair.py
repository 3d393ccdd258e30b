"""Who talks to whom on which port: the identity of the series, and their sums."""

from collections.abc import Mapping
from operator import add
from typing import NamedTuple

from msgspec import Struct, field

from exporter.core.connections.reading import NONE_LIVING, Counts, Living

CLIENT, SERVER = "client", "server"
# Kinds of peers: a container, a Swarm service by its virtual address, this host, anything beyond it, an address of a
# Docker subnet that no container has, and what is beyond the bounds.
CONTAINER, SERVICE, HOST, OUTSIDE, UNASSIGNED, OTHER = "container", "service", "host", "outside", "nobody", "other"
TCP = "tcp"


class Pair(NamedTuple):
    """A container and a peer. `container` is '' for processes of the host that connect to containers.

    `peer` is '' unless the kind is a container or a service, since a container may have the name of a kind. `port` is a
    number as text or 'other': of the peer for a client (a published one as it was addressed), its own for a server.
    """

    container: str
    peer: str
    peer_kind: str
    port: str
    side: str


class PairSums(NamedTuple):
    """Sums of a pair since `created`, the last one added at `changed`, and what lives now. Times are Unix times.

    `last_established` and `last_failed` are those of the last readings with such connects, 0 without any.
    """

    counts: Counts = Counts()
    living: Living = NONE_LIVING
    created: float = 0.0
    changed: float = 0.0
    last_established: float = 0.0
    last_failed: float = 0.0


class ConnectionReport(Struct, frozen=True, eq=False):
    """All pairs; `forgotten` are sums of the pairs that ended, by container.

    `lost` is an upper bound of changes of state that were not counted since `started` (Unix time). `older_counted` is
    False where connections that are older than the exporter are not counted.
    """

    pairs: Mapping[Pair, PairSums] = field(default_factory=dict)
    forgotten: Mapping[str, Counts] = field(default_factory=dict)
    lost: int = 0
    started: float = 0.0
    older_counted: bool = False

    def totals(self) -> dict[str, Counts]:
        """Return the sums by container, which never decrease."""
        found = dict(self.forgotten)
        for pair, sums in self.pairs.items():
            found[pair.container] = Counts._make(map(add, found.get(pair.container, Counts()), sums.counts))
        return found
