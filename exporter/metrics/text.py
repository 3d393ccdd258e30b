"""Families as text, in both formats.

prometheus_client validates each name in each line, which costs more than all the rest; the names here are constants.
Tests compare the two renderings.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from prometheus_client.utils import floatToGoString

from exporter.metrics.build import InfoFamily, Metric

Lines: TypeAlias = dict[str, dict[tuple[str, ...], str]]  # by family and row

END = b"# EOF\n"
CREATED = "_created"

# What a type is called in text 0.0.4, and what is part of the family's name there and no part of it in OpenMetrics.
TEXT_TYPES = {
    "gauge": ("gauge", ""),
    "counter": ("counter", "_total"),
    "info": ("gauge", "_info"),
    "summary": ("summary", ""),
}


def escape(value: str) -> str:
    """Escape a label value for both formats."""
    if "\\" in value or "\n" in value or '"' in value:
        return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return value


@lru_cache(1024)  # names and documentation are constants
def head(name: str, kind: str, documentation: str, *, openmetrics: bool) -> str:
    """Write the two lines before a family's series; `name` is OpenMetrics', `kind` gauge, counter, info or summary."""
    text = documentation.replace("\\", r"\\").replace("\n", r"\n")
    if openmetrics:
        text = text.replace('"', r"\"")
    else:
        kind, suffix = TEXT_TYPES[kind]
        name += suffix
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n"


def render(metrics: Iterable[Metric], *, openmetrics: bool, lines: Lines | None = None) -> bytes:
    """Render without the end mark; text 0.0.4 has no _created.

    `lines` has the lines of info families of an earlier rendering, and afterwards those of this one.
    """
    known: Lines = {} if lines is None else lines
    return "".join([part for metric in metrics for part in _family(metric, known, openmetrics=openmetrics)]).encode()


class FamilyTexts:
    """Texts of families in one format: one whose series are as before is not written again. Not thread-safe."""

    def __init__(self, *, openmetrics: bool) -> None:
        self._openmetrics = openmetrics
        self._known: dict[str, tuple[Sequence[Any], str]] = {}

    def render(self, metrics: Iterable[Metric]) -> bytes:
        """Render without the end mark."""
        return "".join([self._text(metric) for metric in metrics]).encode()

    def _text(self, metric: Metric) -> str:
        series: Sequence[Any] = metric.rows if isinstance(metric, InfoFamily) else metric.samples
        known = self._known.get(metric.name)
        if known is None or known[0] != series:
            text = "".join(_family(metric, {}, openmetrics=self._openmetrics))
            known = self._known[metric.name] = series, text
        return known[1]


def _family(metric: Metric, lines: Lines, *, openmetrics: bool) -> Iterator[str]:
    yield head(metric.name, metric.type, metric.documentation, openmetrics=openmetrics)
    if isinstance(metric, InfoFamily):
        before, write = lines.get(metric.name, {}), _info_writer(metric)
        lines[metric.name] = {row: before.get(row) or write(row) for row in metric.rows}
        yield from map(lines[metric.name].__getitem__, metric.rows)
        return
    for name, labels, value, *_ in metric.samples:
        if openmetrics or not name.endswith(CREATED):
            text = ",".join([f'{label}="{escape(labels[label])}"' for label in sorted(labels)])
            yield f"{name}{{{text}}} {number(value)}\n" if text else f"{name} {number(value)}\n"


def _info_writer(family: InfoFamily) -> Callable[[tuple[str, ...]], str]:
    """Return the function that writes a row as a line, which is the same in both formats."""
    order = sorted(range(len(family.labels)), key=family.labels.__getitem__)
    form = f"{family.name}_info{{" + ",".join(f'{family.labels[place]}="%s"' for place in order) + "} 1.0\n"
    return lambda row: form % tuple([escape(row[place]) for place in order])


def number(value: float) -> str:
    """Write a value as Prometheus does."""
    return _number(value) if value else str(float(value))  # -0.0 equals 0


@lru_cache(1024)  # most values are 1, small, or the time when a counter began
def _number(value: float) -> str:
    return floatToGoString(value)  # type: ignore[no-untyped-call, no-any-return] # it has no types
