"""The host's connection table: its entries, its limit and its failures."""

from collections.abc import Iterator

from exporter.core.model.conntrack import ConntrackStats
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, boot_time, counter, gauge


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file; none where there is no table, or where it could not be read."""
    if observation.nat is not None and observation.nat.flows is not None:
        age = gauge("dockernet_conntrack_age_seconds", "Age of the last dump of the connection table.")
        age.add_metric((), observation.nat.flows_age)
        yield age
    stats = observation.network.conntrack
    if stats is None:
        return
    entries = gauge("dockernet_conntrack_entries", "Connection tracking entries of the host (nf_conntrack_count).")
    entries.add_metric((), stats.entries)
    limit = gauge("dockernet_conntrack_entries_limit", "Maximum number of conntrack entries (nf_conntrack_max).")
    limit.add_metric((), stats.limit)
    yield from (entries, limit, drops(stats))


def drops(stats: ConntrackStats) -> Metric:
    """dockernet_conntrack_drops_total; the kernel counts since the machine's start at the earliest."""
    family = counter(
        "dockernet_conntrack_drops_total",
        "Conntrack failures by reason: insert_failed (race), drop (table full), early_drop (evicted).",
        ("reason",),
    )
    counts = {"insert_failed": stats.insert_failed, "drop": stats.drop, "early_drop": stats.early_drop}
    for reason, count in counts.items():
        if count is not None:
            family.add_metric((reason,), count, created=boot_time())
    return family
