"""Where Docker's rules are not what it means them to be."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple

from exporter.core.observation import Observation
from exporter.metrics.build import Metric, gauge

LABELS = ("family", "chain", "network", "container", "protocol", "host_address", "host_port")


def families(observation: Observation) -> Iterator[Metric]:
    """dockernet_nat_drift and dockernet_nat_drifts."""
    if observation.nat is None:
        return
    judgement = observation.nat.judgement
    each = gauge(
        "dockernet_nat_drift",
        "1 while what Docker must have programmed and what the kernel does differ, for ten seconds at least.",
        ("kind", *LABELS, "severity"),
    )
    series = {(drift.kind, *astuple(drift.subject), drift.severity) for drift in judgement.drifts}
    for labels in sorted(series):
        each.add_metric(labels, 1)
    counted = gauge("dockernet_nat_drifts", "How many there are of a kind; absent while not judged.", ("kind",))
    kinds = Counter(kind for kind, *_ in series)
    for kind in judgement.judged:
        counted.add_metric((kind,), kinds[kind])
    yield from (each, counted)
