"""Expositions as text and as values."""

from collections.abc import Callable, Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.config import COLLECTORS
from exporter.core.observation import Observation
from exporter.metrics.exposition import Exposition

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def exposed(observation: Observation, *, openmetrics: bool = False, collectors: Iterable[str] = COLLECTORS) -> str:
    """The exposition without the exporter's own cost."""
    return Exposition(collectors, own_metrics=False).render(observation, openmetrics=openmetrics).decode()


def section(text: str, *families: str) -> str:
    """The lines of some families, without HELP, in the order of the exposition."""
    wanted = []
    for line in text.splitlines():
        name = line.split(" ")[2] if line.startswith("# ") else line.partition("{")[0].partition(" ")[0]
        if name in families and not line.startswith("# HELP"):
            wanted.append(line)
    return "\n".join(wanted) + "\n"


def values(text: str, *, openmetrics: bool = False) -> Series:
    """Every series' value; the parser of OpenMetrics is strict. One that stands there twice is an error."""
    parse: Callable[[str], Iterable[Metric]] = parse_openmetrics if openmetrics else parse_text
    found: Series = {}
    for family in parse(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, f"{key} twice"
            found[key] = sample.value
    return found
