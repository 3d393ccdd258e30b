"""Counters that share their series, and what a series is."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

from msgspec import Struct

Value: TypeAlias = int | float
Labels = tuple[tuple[str, str], ...]  # in alphabetical order of the names, as prometheus_client writes them


class TemplatedCounter(Struct, frozen=True):
    """One family: its whole name, the index of its value in a row, its HELP.

    `form` is how a value is written. A summary has the index of its count in addition to that of its sum.
    """

    name: str
    place: int
    documentation: str
    form: str = "%d"
    count_place: int | None = None

    @property
    def kind(self) -> str:
        """counter, gauge or summary."""
        if self.count_place is not None:
            return "summary"
        return "counter" if self.name.endswith("_total") else "gauge"

    @property
    def width(self) -> int:
        """The number of samples of one series."""
        return 1 if self.count_place is None else 2

    def values(self, columns: Sequence[tuple[Value, ...]]) -> tuple[Value, ...]:
        """Return the values of all series in the order of the template."""
        if self.count_place is None:
            return columns[self.place]
        return tuple(chain.from_iterable(zip(columns[self.place], columns[self.count_place], strict=True)))


class Series(NamedTuple):
    """The labels of a row, and the Unix time at which its counters began (OpenMetrics' _created)."""

    labels: Labels
    created: float
