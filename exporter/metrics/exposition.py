"""One exposition from two renderers, in both text formats.

Three kinds of text: what every scrape makes anew (health), what changes with the topology only and is kept as text
until then (inventory), and the hot counters from their templates. To add families: a file, and a line in one of the
lists below.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest as generate_text
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.core.observation import Observation
from exporter.core.topology import Topology
from exporter.metrics import (
    addresses,
    bridge,
    conntrack,
    endpoint,
    fdb,
    findings,
    health,
    inventory,
    namespace,
    network,
    uplink,
    veth,
)
from exporter.metrics.build import Metric, counter
from exporter.metrics.hot import HotRenderer

SCRAPE_FAMILIES = (
    health.families,
    findings.families,
    addresses.families,
    conntrack.families,
    fdb.families,
    namespace.families,
)
TOPOLOGY_FAMILIES = (inventory.families,)
HOT_GROUPS = (
    endpoint.GROUP,
    network.GROUP,
    network.SPLIT_GROUP,
    addresses.GROUP,
    namespace.GROUP,
    veth.GROUP,
    bridge.GROUP,
    uplink.GROUP,
)

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
END = b"# EOF\n"

log = structlog.get_logger(component="exposition")


class _Once:
    """Metrics as a Collector: prometheus_client renders nothing else."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def render(metrics: Iterable[Metric], *, openmetrics: bool) -> bytes:
    """Render by prometheus_client, without the end mark; text 0.0.4 has no _created."""
    if openmetrics:
        text: bytes = generate_openmetrics(_Once(metrics))  # type: ignore[no-untyped-call] # it has no types
        return text.removesuffix(END)
    return generate_text(_Once(_without_created(metrics)))


def _without_created(metrics: Iterable[Metric]) -> Iterator[Metric]:
    for metric in metrics:
        metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
        yield metric


def _own_registry() -> CollectorRegistry:
    """The exporter's own cost: process_* and python_*."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class Exposition:
    """Renders observations; keeps text that only the topology changes. Safe to call from several threads."""

    def __init__(
        self, collectors: Iterable[str], labels: Iterable[str] = (), limit: int = 0, *, own_metrics: bool = True
    ) -> None:
        enabled = frozenset(collectors)
        self._labels = tuple(labels)
        self._limit = limit or 1 << 62
        self._hot = [HotRenderer(group) for group in HOT_GROUPS if group.collector in enabled]
        self._topology_families = TOPOLOGY_FAMILIES if "inventory" in enabled else ()
        self._own: CollectorRegistry | None = _own_registry() if own_metrics else None
        self._kept: tuple[Topology | None, dict[bool, tuple[bytes, int, Mapping[str, int]]]] = (None, {})
        self._dropped: Counter[str] = Counter()
        self._lock = threading.Lock()

    def render(self, observation: Observation, *, openmetrics: bool = False) -> bytes:
        """Render everything in one of the two formats."""
        return b"".join(self.parts(observation, openmetrics=openmetrics))

    def parts(self, observation: Observation, *, openmetrics: bool) -> list[bytes]:
        """Render everything, as pieces that follow each other: who compresses them needs no copy of the whole."""
        with self._lock:
            text, used, dropped = self._inventory(observation.topology, openmetrics=openmetrics)
            self._drop(dropped)
            parts = [text]
            for hot in self._hot:
                text, shown, dropped = hot.render(observation, openmetrics=openmetrics, limit=self._limit - used)
                used += shown
                parts.append(text)
                self._drop(dropped)
            parts.insert(0, render(self._health(observation), openmetrics=openmetrics))
        if openmetrics:
            parts.append(END)
        return parts

    def _health(self, observation: Observation) -> Iterator[Metric]:
        for families in SCRAPE_FAMILIES:
            yield from families(observation)
        dropped = counter("dockernet_series_dropped_total", "Series left out because of --limits.series.", ("family",))
        for family, count in sorted(self._dropped.items()):
            dropped.add_metric((family,), count, created=observation.engine.started)
        yield dropped
        if self._own is not None:
            yield from self._own.collect()

    def _inventory(self, topology: Topology, *, openmetrics: bool) -> tuple[bytes, int, Mapping[str, int]]:
        """Render what only the topology changes, or return it as it was; its series, and those left out by family."""
        if self._kept[0] is not topology:
            self._kept = topology, {}
        kept = self._kept[1]
        if openmetrics not in kept:
            metrics = [metric for families in self._topology_families for metric in families(topology, self._labels)]
            used, dropped = self._cut(metrics)
            kept[openmetrics] = render(metrics, openmetrics=openmetrics), used, dropped
        return kept[openmetrics]

    def _cut(self, metrics: Iterable[Metric]) -> tuple[int, Mapping[str, int]]:
        """Shorten families to what the limit leaves; return how many series there are now, and were left out."""
        used = 0
        dropped = {}
        for metric in metrics:
            room = max(0, self._limit - used)
            if len(metric.samples) > room:
                dropped[metric.samples[0].name] = len(metric.samples) - room
                del metric.samples[room:]
            used += len(metric.samples)
        return used, dropped

    def _drop(self, dropped: Mapping[str, int]) -> None:
        for family, count in dropped.items():
            if family not in self._dropped:
                log.warning("series left out, see --limits.series", family=family, series=count)
            self._dropped[family] += count
