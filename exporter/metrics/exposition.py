"""One exposition from two renderers, in both text formats.

Three kinds of text: few series, made again when what they depend on differs; many, cached while one value is the same
object (the inventory); and counters from templates. To add families: a file, and a line in one of the lists below.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from exporter.core.observation import Observation
from exporter.log import get_logger
from exporter.metrics import (
    addresses,
    bind_failures,
    bridge,
    changes,
    connections,
    conntrack,
    endpoint,
    fdb,
    findings,
    health,
    inventory,
    listeners,
    namespace,
    nat,
    nat_connections,
    network,
    ports,
    uplink,
    veth,
)
from exporter.metrics.build import Metric, counter
from exporter.metrics.cached import CachedGroup, CachedRenderer, SmallGroup, SmallRenderer
from exporter.metrics.templated import TemplatedRenderer
from exporter.metrics.text import END, FamilyTexts

SMALL_GROUPS = (
    SmallGroup(health.build, lambda _: None),
    SmallGroup(health.engine, health.engine_inputs),
    SmallGroup(health.success, health.success_inputs),
    SmallGroup(health.durations),
    SmallGroup(health.gaps, health.gaps_inputs),
    SmallGroup(health.following, health.following_inputs),
    SmallGroup(findings.families, findings.inputs),
    SmallGroup(addresses.families, addresses.inputs),
    SmallGroup(conntrack.families),
    SmallGroup(fdb.families),
    SmallGroup(namespace.families),
    SmallGroup(nat.families, nat.inputs),
    SmallGroup(bind_failures.families),
    SmallGroup(connections.families),
    SmallGroup(changes.families, changes.inputs),
)
TEMPLATED_GROUPS = (
    endpoint.GROUP,
    network.GROUP,
    network.SPLIT_GROUP,
    addresses.GROUP,
    namespace.GROUP,
    veth.GROUP,
    bridge.GROUP,
    uplink.GROUP,
    *nat_connections.GROUPS,
    *connections.GROUPS,
)

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

log = get_logger(component="exposition")


def cached_groups(labels: Sequence[str] = ()) -> tuple[CachedGroup, ...]:
    """List the groups of cached text; `labels` are the container labels to show."""
    return (
        CachedGroup("inventory", attrgetter("topology"), lambda topology: inventory.families(topology, labels)),
        CachedGroup("port", attrgetter("topology"), ports.published),
        CachedGroup("port", attrgetter("sockets"), listeners.listeners),
        CachedGroup("port", attrgetter("proxies"), listeners.proxies),
    )


def _own_registry() -> CollectorRegistry:
    """The exporter's own cost: process_* and python_*."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class Exposition:
    """Renders observations; caches text that does not change. Thread-safe."""

    def __init__(
        self, collectors: Iterable[str], labels: Iterable[str] = (), limit: int = 0, *, own_metrics: bool = True
    ) -> None:
        enabled = frozenset(collectors)
        self._limit = limit or 1 << 62
        cached = [CachedRenderer(group) for group in cached_groups(tuple(labels)) if group.collector in enabled]
        templated = [TemplatedRenderer(group) for group in TEMPLATED_GROUPS if group.collector in enabled]
        self._renderers: list[CachedRenderer | TemplatedRenderer] = [*cached, *templated]
        self._small = {
            form: [SmallRenderer(group, openmetrics=form) for group in SMALL_GROUPS] for form in (False, True)
        }
        self._own = {form: FamilyTexts(openmetrics=form) for form in (False, True)}
        self._registry: CollectorRegistry | None = _own_registry() if own_metrics else None
        self._dropped: Counter[str] = Counter()
        self._lock = threading.Lock()

    def render(self, observation: Observation, *, openmetrics: bool = False) -> bytes:
        """Render everything in one of the two formats."""
        return b"".join(self.pieces(observation, openmetrics=openmetrics))

    def pieces(self, observation: Observation, *, openmetrics: bool) -> Iterator[bytes]:
        """Render everything in pieces: compressing needs one at a time, while it is in the CPU's cache."""
        found: list[Iterable[bytes]] = []
        with self._lock:
            used = 0
            for renderer in self._renderers:
                text, shown, dropped = renderer.render(observation, openmetrics=openmetrics, limit=self._limit - used)
                found.append(text)
                used += shown
                self._drop(dropped)
            few = b"".join(self._few(observation, openmetrics=openmetrics))
        return chain((few,), *found, (END,) if openmetrics else ())

    def _few(self, observation: Observation, *, openmetrics: bool) -> Iterator[bytes]:
        """Families with few series, to which no limit applies."""
        for renderer in self._small[openmetrics]:
            yield renderer.render(observation)
        yield self._own[openmetrics].render(self._own_families(observation))

    def _own_families(self, observation: Observation) -> Iterator[Metric]:
        dropped = counter("dockernet_series_dropped_total", "Series left out because of --limits.series.", ("family",))
        for family, count in sorted(self._dropped.items()):
            dropped.add_metric((family,), count, created=observation.engine.started)
        yield dropped
        if self._registry is not None:
            yield from self._registry.collect()

    def _drop(self, dropped: Mapping[str, int]) -> None:
        for family, count in dropped.items():
            if family not in self._dropped:
                log.warning("series left out, see --limits.series", family=family, series=count)
            self._dropped[family] += count
