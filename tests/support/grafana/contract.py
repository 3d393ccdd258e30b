"""What the exporter exposes, as docs/metrics.md has it; a test of its own holds that page against the code."""

from tests.support.documented import documented

# Prometheus' own series of a target, and what prometheus_client says of a process.
FOREIGN = {
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_start_time_seconds",
}
SUMMARY = ("_sum", "_count")
TARGET = frozenset({"job", "instance"})


def labels_by_family() -> dict[str, frozenset[str]]:
    """The labels of each family that may be asked for, those of the target included."""
    exposed = {
        f"{name}{suffix}": labels
        for name, (kind, labels) in documented().items()
        for suffix in (SUMMARY if kind == "summary" else ("",))
    }
    known = {**exposed, **dict.fromkeys(FOREIGN, frozenset())}
    return {name: labels | TARGET for name, labels in known.items()}
