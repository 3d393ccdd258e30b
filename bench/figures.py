"""Figures and the table: minimum and median, since a shared machine spoils any single number."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

MS = 1e-6  # of a nanosecond
US = 1e-3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; texts, as they are printed."""

    what: str
    size: str = ""
    figures: str = ""
    against: str = ""
    goal: str = ""


class Times:
    """Durations in nanoseconds."""

    def __init__(self, nanoseconds: Iterable[float] = ()) -> None:
        self.all = list(nanoseconds)

    @property
    def least(self) -> float:
        """The minimum."""
        return min(self.all)

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.all)

    def quantile(self, share: float) -> float:
        """The smallest duration that this share of all does not exceed."""
        ranked = sorted(self.all)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    def text(self, unit: float = MS, name: str = "ms") -> str:
        """Minimum and median."""
        return f"{number(self.least * unit)} / {number(self.middle * unit)} {name}"

    def tail(self, unit: float = MS, name: str = "ms") -> str:
        """Minimum, median and 99th percentile."""
        values = (self.least, self.middle, self.quantile(0.99))
        return " / ".join(number(value * unit) for value in values) + f" {name}"

    def times(self, floor: "Times", name: str) -> str:
        """How many times the floor: the minima, the medians."""
        return f"{self.least / floor.least:.2f} / {self.middle / floor.middle:.2f} x {name}"


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def took(action: Callable[[], object]) -> float:
    """How long it took, in nanoseconds."""
    started = time.perf_counter_ns()
    action()
    return time.perf_counter_ns() - started


def measured(count: int, action: Callable[[], object]) -> Times:
    """Do it as often as asked."""
    return Times(took(action) for _ in range(count))


def judged(goal: str, *, met: bool) -> str:
    """A goal and whether this run met it."""
    return f"{goal}: {'met' if met else 'MISSED'}"


HEADINGS = Row("what", "size", "min / median (/ p99)", "against", "goal")


def table(rows: Iterable[Row]) -> str:
    """The rows under their headings, in columns."""
    cells = [(r.what, r.size, r.figures, r.against, r.goal) for r in (HEADINGS, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join((lines[0], "-" * len(lines[0]), *lines[1:]))
