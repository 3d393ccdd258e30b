"""Expositions as text and as values."""

from collections.abc import Callable, Iterable

from prometheus_client.exposition import generate_latest as client_text
from prometheus_client.metrics_core import Metric as ClientMetric
from prometheus_client.openmetrics.exposition import generate_latest as client_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.config import COLLECTORS
from exporter.core.observation import Observation
from exporter.metrics.build import Metric
from exporter.metrics.exposition import Exposition

END = b"# EOF\n"
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def exposed(observation: Observation, *, openmetrics: bool = False, collectors: Iterable[str] = COLLECTORS) -> str:
    """The exposition without the exporter's own cost."""
    return Exposition(collectors, own_metrics=False).render(observation, openmetrics=openmetrics).decode()


class _Families:
    """Metrics as a Collector: prometheus_client renders nothing else."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[ClientMetric]:
        """Ours as prometheus_client's."""
        for metric in self._metrics:
            made = ClientMetric(metric.name, metric.documentation, metric.type)
            made.samples = metric.samples
            yield made


def by_prometheus_client(metrics: Iterable[Metric], *, openmetrics: bool) -> bytes:
    """What prometheus_client writes, without the end mark, and in text without _created."""
    if openmetrics:
        text: bytes = client_openmetrics(_Families(metrics))  # type: ignore[no-untyped-call]
        return text.removesuffix(END)
    found = list(_Families(metrics).collect())
    for metric in found:
        metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
    return client_text(_Families(found))


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
    parse: Callable[[str], Iterable[ClientMetric]] = parse_openmetrics if openmetrics else parse_text
    found: Series = {}
    for family in parse(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, f"{key} twice"
            found[key] = sample.value
    return found
