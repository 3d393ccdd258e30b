"""Families by their whole name, as exposed. The suffix that prometheus_client appends itself is removed here."""

from collections.abc import Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric


def gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    """Start a gauge family."""
    return GaugeMetricFamily(name, documentation, labels=labels)


def counter(name: str, documentation: str, labels: Sequence[str] = ()) -> CounterMetricFamily:
    """Start a counter family; `name` ends in _total."""
    return CounterMetricFamily(name.removesuffix("_total"), documentation, labels=labels)


def info(name: str, documentation: str, labels: Sequence[str]) -> InfoMetricFamily:
    """Start an info family; `name` ends in _info."""
    return InfoMetricFamily(name.removesuffix("_info"), documentation, labels=labels)


def add_info(family: InfoMetricFamily, values: Sequence[str]) -> None:
    """Add a series of value 1 with the family's labels in order."""
    family.add_metric(values, {})


__all__ = ["Metric", "add_info", "counter", "gauge", "info"]
