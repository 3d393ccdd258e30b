"""Text that is kept as long as what it tells of is the same object: it is not made anew for each scrape."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.core.observation import Observation
from exporter.metrics.build import Metric
from exporter.metrics.text import render

NOTHING = object()


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """Families that change with one value only, which `of` picks out of an observation.

    Where that is None, nothing is known, and there are no families.
    """

    collector: str
    of: Callable[[Observation], Any]
    families: Callable[[Any], Iterator[Metric]]


@dataclass(frozen=True, slots=True)
class Rendering:
    """Text of at most `limit` series: how many it has, and how many were left out by family."""

    text: bytes
    limit: int
    series: int
    dropped: Mapping[str, int]

    def suits(self, limit: int) -> bool:
        """Whether it is what another limit would give, too."""
        return limit == self.limit or (not self.dropped and self.series <= limit)


class KeptRenderer:
    """Renders one group; keeps the text of each format."""

    def __init__(self, group: KeptGroup) -> None:
        self._group = group
        self._value: object = NOTHING
        self._renderings: dict[bool, Rendering] = {}

    def render(
        self, observation: Observation, *, openmetrics: bool, limit: int
    ) -> tuple[Iterable[bytes], int, Mapping[str, int]]:
        """Render at most `limit` series: the text in pieces; how many; those left out by family."""
        value = self._group.of(observation)
        if value is None:
            return (), 0, {}
        if value is not self._value:
            self._value = value
            self._renderings.clear()
        known = self._renderings.get(openmetrics)
        if known is None or not known.suits(limit):
            known = self._renderings[openmetrics] = self._made(value, openmetrics=openmetrics, limit=limit)
        return (known.text,), known.series, known.dropped

    def _made(self, value: object, *, openmetrics: bool, limit: int) -> Rendering:
        metrics = list(self._group.families(value))
        series, dropped = cut(metrics, limit)
        return Rendering(render(metrics, openmetrics=openmetrics), limit, series, dropped)


def cut(metrics: Iterable[Metric], limit: int) -> tuple[int, dict[str, int]]:
    """Shorten families to what the limit leaves; return how many series there are now, and were left out."""
    used = 0
    dropped = {}
    for metric in metrics:
        room = max(0, limit - used)
        if len(metric.samples) > room:
            dropped[metric.samples[0].name] = len(metric.samples) - room
            del metric.samples[room:]
        used += len(metric.samples)
    return used, dropped
