"""Text that is cached while what it is made of is the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from exporter.core.observation import Observation
from exporter.metrics.build import InfoFamily, Metric
from exporter.metrics.text import FamilyTexts, Lines, render

NO_VALUE = object()


class CachedGroup(Struct, frozen=True):
    """Families that depend on one value only, which `of` picks out of an observation; none while it is None."""

    collector: str
    of: Callable[[Observation], Any]
    families: Callable[[Any], Iterator[Metric]]


class SmallGroup(Struct, frozen=True):
    """Families with few series, to which no limit applies.

    With `inputs`, which returns all that they depend on, they are made again only when that differs.
    """

    families: Callable[[Observation], Iterable[Metric]]
    inputs: Callable[[Observation], object] | None = None


class SmallRenderer:
    """Renders one small group in one format."""

    def __init__(self, group: SmallGroup, *, openmetrics: bool) -> None:
        self._group, self._openmetrics = group, openmetrics
        self._texts = FamilyTexts(openmetrics=openmetrics)
        self._known: tuple[object, bytes] | None = None

    def render(self, observation: Observation) -> bytes:
        """Return the text."""
        group, known = self._group, self._known
        if group.inputs is None:
            return self._texts.render(group.families(observation))
        inputs = group.inputs(observation)
        if known is None or known[0] != inputs:
            known = self._known = inputs, render(group.families(observation), openmetrics=self._openmetrics)
        return known[1]


class Rendering(Struct, frozen=True):
    """Text of at most `limit` series, with the number of its series and of those left out, by family."""

    text: bytes
    limit: int
    series: int
    dropped: Mapping[str, int]

    def is_valid_for(self, limit: int) -> bool:
        """Whether another limit gives the same text."""
        return limit == self.limit or (not self.dropped and self.series <= limit)


class CachedRenderer:
    """Renders one group; caches the text of each format, and the lines of info families that a change leaves."""

    def __init__(self, group: CachedGroup) -> None:
        self._group = group
        self._value: object = NO_VALUE
        self._renderings: dict[bool, Rendering] = {}
        self._lines: Lines = {}

    def render(
        self, observation: Observation, *, openmetrics: bool, limit: int
    ) -> tuple[Iterable[bytes], int, Mapping[str, int]]:
        """Render at most `limit` series: the text in pieces; their number; those left out, by family."""
        value = self._group.of(observation)
        if value is None:
            return (), 0, {}
        if value is not self._value:
            self._value = value
            self._renderings.clear()
        known = self._renderings.get(openmetrics)
        if known is None or not known.is_valid_for(limit):
            known = self._renderings[openmetrics] = self._render(value, openmetrics=openmetrics, limit=limit)
        return (known.text,), known.series, known.dropped

    def _render(self, value: object, *, openmetrics: bool, limit: int) -> Rendering:
        metrics = list(self._group.families(value))
        series, dropped = cut(metrics, limit)
        return Rendering(render(metrics, openmetrics=openmetrics, lines=self._lines), limit, series, dropped)


def cut(metrics: Iterable[Metric], limit: int) -> tuple[int, dict[str, int]]:
    """Shorten families to the limit; return the number of series that remain, and of those left out, by family."""
    used = 0
    dropped = {}
    for metric in metrics:
        room = max(0, limit - used)
        series: list[Any] = metric.rows if isinstance(metric, InfoFamily) else metric.samples
        if len(series) > room:
            dropped[metric.samples[0].name] = len(series) - room
            del series[room:]
        used += len(series)
    return used, dropped
