"""Families as text, by prometheus_client."""

from collections.abc import Iterable, Iterator

from prometheus_client.exposition import generate_latest as generate_text
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.metrics.build import Metric

END = b"# EOF\n"


class _Once:
    """Metrics as a Collector: prometheus_client renders nothing else."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def render(metrics: Iterable[Metric], *, openmetrics: bool) -> bytes:
    """Render without the end mark; text 0.0.4 has no _created."""
    if openmetrics:
        text: bytes = generate_openmetrics(_Once(metrics))  # type: ignore[no-untyped-call] # it has no types
        return text.removesuffix(END)
    return generate_text(_Once(_without_created(metrics)))


def _without_created(metrics: Iterable[Metric]) -> Iterator[Metric]:
    for metric in metrics:
        metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
        yield metric
