"""Series in chunks: a change of a few series costs the templates of their chunks, not of all.

A piece of text is small for the same reason: what a scrape allocates at once stays in the CPU's cache.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from msgspec import Struct, field

from exporter.metrics.templates.series import Labels, Series, TemplatedCounter
from exporter.metrics.text import escape, head

SIZE = 256  # series; a chunk that grows to twice as many is divided


class Chunk(Struct, frozen=True):
    """Consecutive series, and their templates in each format, made when they are needed first."""

    series: Sequence[Series]
    made: dict[bool, tuple[bytes, ...]] = field(default_factory=dict)
    joined: dict[bool, bytes] = field(default_factory=dict)

    def templates(self, counters: Sequence[TemplatedCounter], *, openmetrics: bool) -> tuple[bytes, ...]:
        """Return a template for each counter; the counters are always the same."""
        known = self.made.get(openmetrics)
        if known is None:
            texts = [(label_text(series.labels), f"{series.created:.3f}") for series in self.series]
            known = tuple([template(counter, texts, openmetrics=openmetrics) for counter in counters])
            self.made[openmetrics] = known
        return known

    def whole(self, counters: Sequence[TemplatedCounter], *, openmetrics: bool) -> bytes:
        """Return the text of all counters as one template, for a chunk that is all there is of them."""
        known = self.joined.get(openmetrics)
        if known is None:
            templates = self.templates(counters, openmetrics=openmetrics)
            openings = [opening(counter, openmetrics=openmetrics).replace(b"%", b"%%") for counter in counters]
            known = self.joined[openmetrics] = b"".join(chain.from_iterable(zip(openings, templates, strict=True)))
            del self.made[openmetrics]
        return known


def split(series: Sequence[Series], before: Iterable[Chunk]) -> list[Chunk]:
    """Divide into chunks; those that `before` had stay the same objects.

    A chunk begins where one began before, so that a series that comes or goes changes its own chunk only. Chunks that
    are as before at both ends are found by comparing, which takes a third of the time of looking for their begins.
    """
    former = list(before)
    first, begin, last, end = 0, 0, len(former), len(series)
    while first < last and _is_at(former[first], series, begin, end):
        begin += len(former[first].series)
        first += 1
    while last > first and _is_at(former[last - 1], series, end - len(former[last - 1].series), end, begin):
        end -= len(former[last - 1].series)
        last -= 1
    if first and first == last and begin < end:  # between two chunks: the former one grows
        first -= 1
        begin -= len(former[first].series)
    return [*former[:first], *_divided(series[begin:end], former[first:last]), *former[last:]]


def _is_at(chunk: Chunk, series: Sequence[Series], begin: int, end: int, least: int = 0) -> bool:
    """Whether the chunk is there, within `least` and `end`."""
    after = begin + len(chunk.series)
    return least <= begin and after <= end and series[begin:after] == chunk.series


def _divided(series: Sequence[Series], before: Iterable[Chunk]) -> list[Chunk]:
    known = {chunk.series[0]: chunk for chunk in before}
    if not series:
        return []
    begins = [0, *(place for place, one in enumerate(series) if place and one in known)]
    chunks: list[Chunk] = []
    for begin, end in zip(begins, [*begins[1:], len(series)], strict=True):
        part = series[begin:end]
        same = known.get(part[0])
        if same is not None and same.series == part:
            chunks.append(same)
        elif len(part) < 2 * SIZE:
            chunks.append(Chunk(part))
        else:
            chunks += [Chunk(part[at : at + SIZE]) for at in range(0, len(part), SIZE)]
    return chunks


def opening(counter: TemplatedCounter, *, openmetrics: bool) -> bytes:
    """Return the lines before the series of a counter."""
    return _opening(counter.name, counter.kind, counter.documentation, openmetrics=openmetrics)


@lru_cache(512)  # constants
def _opening(name: str, kind: str, documentation: str, *, openmetrics: bool) -> bytes:
    family = name.removesuffix("_total") if kind == "counter" else name
    return head(family, kind, documentation, openmetrics=openmetrics).encode()


def template(counter: TemplatedCounter, series: Sequence[tuple[str, str]], *, openmetrics: bool) -> bytes:
    """Build lines with a place for each value; `series` are pairs of label text and creation time."""
    name, form = counter.name, counter.form
    if counter.count_place is not None:
        lines = [
            f"{name}_sum{text} {form}\n{name}_count{text} %d\n"
            + (f"{name}_created{text} {created}\n" if openmetrics else "")
            for text, created in series
        ]
    elif openmetrics and counter.kind == "counter":
        family = name.removesuffix("_total")
        lines = [f"{family}_total{text} {form}\n{family}_created{text} {created}\n" for text, created in series]
    else:
        lines = [f"{name}{text} {form}\n" for text, _ in series]
    return "".join(lines).encode()


def label_text(labels: Labels) -> str:
    """Write labels in braces, ready to stand in a template. Not cached: those of ended containers would be kept."""
    return ("{" + ",".join([f'{name}="{escape(value)}"' for name, value in labels]) + "}").replace("%", "%%")
