"""What is exposed of a kernel sample as it was read."""

from collections.abc import Mapping

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.model.sockets import HostSockets, ListeningSocket, ProxyUse
from exporter.core.ports.context import NO_CONTAINERS
from exporter.core.topology.visibility import missing_bridges
from exporter.monitor.collector import Facts


class ReadingsPart(Struct, frozen=True):
    """Fields of an Observation."""

    sources: tuple[SourceState, ...]
    degraded: tuple[Degraded, ...]
    overflows: int
    learned: Mapping[int, int] | None
    sockets: HostSockets | None
    proxies: Mapping[str, ProxyUse] | None
    inside: Mapping[str, tuple[ListeningSocket, ...]] | None
    redirected: frozenset[str]


class ReadingsCollector:
    """Has no state."""

    def update_inventory(self, inventory: Inventory) -> None:
        """Nothing depends on an inventory."""

    def collect(self, facts: Facts) -> ReadingsPart:
        """Return the sample's values."""
        sample = facts.sample
        return ReadingsPart(
            sources=sample.sources,
            degraded=sample.degraded + missing_bridges(facts.topology),
            overflows=sample.overflows,
            learned=sample.learned,
            sockets=sample.sockets,
            proxies=sample.proxies,
            inside=sample.namespace_sockets.listeners if sample.namespace_sockets else None,
            redirected=sample.namespace_sockets.redirected if sample.namespace_sockets else NO_CONTAINERS,
        )
