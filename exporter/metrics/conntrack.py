"""The host's connection table: how full, and what was lost."""

from collections.abc import Iterator

import psutil

from exporter.core.model.conntrack import ConntrackStats
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, counter, gauge


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file; none where there is no table, or where it could not be read."""
    if observation.nat is not None and observation.nat.flows is not None:
        age = gauge("dockernet_conntrack_age_seconds", "Age of the connection table's last reading, entry by entry.")
        age.add_metric((), observation.nat.flows_age)
        yield age
    stats = observation.network.conntrack
    if stats is None:
        return
    entries = gauge("dockernet_conntrack_entries", "Connections that the host tracks now (nf_conntrack_count).")
    entries.add_metric((), stats.entries)
    limit = gauge("dockernet_conntrack_entries_limit", "Most that it can track (nf_conntrack_max).")
    limit.add_metric((), stats.limit)
    yield from (entries, limit, drops(stats))


def drops(stats: ConntrackStats) -> Metric:
    """dockernet_conntrack_drops_total; the kernel counts since the machine's start at the earliest."""
    family = counter(
        "dockernet_conntrack_drops_total",
        "Connections lost: insert_failed by a race for one entry, drop refused, early_drop thrown out to make room.",
        ("reason",),
    )
    counts = {"insert_failed": stats.insert_failed, "drop": stats.drop, "early_drop": stats.early_drop}
    for reason, count in counts.items():
        if count is not None:
            family.add_metric((reason,), count, created=psutil.boot_time())
    return family
