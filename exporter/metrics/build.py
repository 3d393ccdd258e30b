"""Families by their whole name, as exposed. The suffix that prometheus_client appends itself is removed here."""

from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

import psutil
from msgspec import Struct, field
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as ClientMetric
from prometheus_client.samples import Sample


class InfoFamily(Struct):
    """An info family as rows of label values, in the order of `labels`. The rest is as of prometheus_client's."""

    name: str
    documentation: str
    labels: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    type: str = "info"
    unit: str = ""

    @property
    def samples(self) -> list[Sample]:
        """The series as prometheus_client has them."""
        return [Sample(f"{self.name}_info", dict(zip(self.labels, row, strict=True)), 1) for row in self.rows]


Metric: TypeAlias = ClientMetric | InfoFamily


def gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    """Start a gauge family."""
    return GaugeMetricFamily(name, documentation, labels=labels)


def counter(name: str, documentation: str, labels: Sequence[str] = ()) -> CounterMetricFamily:
    """Start a counter family; `name` ends in _total."""
    return CounterMetricFamily(name.removesuffix("_total"), documentation, labels=labels)


def info(name: str, documentation: str, labels: Sequence[str]) -> InfoFamily:
    """Start an info family; `name` ends in _info."""
    return InfoFamily(name.removesuffix("_info"), documentation, tuple(labels))


def add_info(family: InfoFamily, values: Sequence[str]) -> None:
    """Add a series of value 1 with the family's labels in order."""
    family.rows.append(tuple(values))


@cache
def boot_time() -> float:
    """Return when the machine started (Unix time). Read once: /proc/stat is long, and a counter's beginning stays."""
    return float(psutil.boot_time())
