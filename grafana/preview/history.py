"""Some hours of made-up history as OpenMetrics text, for `promtool tsdb create-blocks-from openmetrics`.

A course is a level as a function of the hours before the end; a counter is the sum of a course.
"""

import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

Course = Callable[[float], float]
# From when until when, in hours before the end.
Period = tuple[float, float]

STEP_SECONDS = 30
ALWAYS: Period = (math.inf, 0)
NEVER: Period = (0, 0)
JOB = "dockernet"
PORT = 9714


class History:
    """Series with their samples, written family by family as the format demands."""

    def __init__(self, end: int, hours: float) -> None:
        """`end` is the time of the last sample in seconds of the epoch."""
        self.end = end
        self._times = range(end - int(hours * 3600), end + 1, STEP_SECONDS)
        self._series: dict[str, dict[str, list[str]]] = {}

    def gauge(
        self, name: str, host: str, labels: Mapping[str, str], course: Course | float = 1, lived: Period = ALWAYS
    ) -> None:
        """A level, which is there for the time that it lived."""
        level = constantly(course)
        self._add(name, host, labels, ((when, level(ago)) for when, ago in self._moments(lived)))

    def counter(self, name: str, host: str, labels: Mapping[str, str], rate: Course | float = 0) -> None:
        """A count that grows by `rate` per second."""
        per_second = constantly(rate)

        def grown() -> Iterator[tuple[int, float]]:
            count = 0.0
            for when, ago in self._moments(ALWAYS):
                count += max(0.0, per_second(ago)) * STEP_SECONDS
                yield when, round(count, 3 if name.endswith("seconds_total") else 0)

        self._add(name, host, labels, grown())

    def write(self, path: Path) -> None:
        """Write it all."""
        with path.open("w") as file:
            for name, series in self._series.items():
                for labels, samples in series.items():
                    file.writelines(f"{name}{labels} {sample}\n" for sample in samples)
            file.write("# EOF\n")

    def series(self) -> Iterator[str]:
        """Each series once, without samples."""
        for name, series in self._series.items():
            yield from (f"{name}{labels}" for labels in series)

    def _moments(self, lived: Period) -> Iterator[tuple[int, float]]:
        since, until = lived
        for when in self._times:
            ago = (self.end - when) / 3600
            if until <= ago <= since:
                yield when, ago

    def _add(self, name: str, host: str, labels: Mapping[str, str], samples: Iterator[tuple[int, float]]) -> None:
        # an empty label equals an absent one
        present = {key: value for key, value in labels.items() if value}
        everything = {"job": JOB, "instance": f"{host}:{PORT}", **present}
        text = "{" + ",".join(f'{key}="{value}"' for key, value in everything.items()) + "}"
        self._series.setdefault(name, {})[text] = [f"{value:.12g} {when}" for when, value in samples]


def constantly(course: Course | float) -> Course:
    """A course that stays where it is, if it is a number."""
    return course if callable(course) else lambda _: course


def scaled(course: Course, factor: float) -> Course:
    """The same course at another level."""
    return lambda ago: factor * course(ago)


def wave(level: float, name: str, swing: float = 0.35) -> Course:
    """A level that comes and goes as traffic does; the same for the same name."""
    phase = zlib.crc32(name.encode()) % 1000 / 159

    def course(ago: float) -> float:
        slow = math.sin(2 * math.pi * ago / 2.1 + phase)
        fast = math.sin(2 * math.pi * ago / 0.37 + 2 * phase) + 0.6 * math.sin(2 * math.pi * ago / 0.11 + 3 * phase)
        return max(0.0, level * (1 + swing * slow + 0.35 * swing * fast))

    return course


def during(period: Period, course: Course | float, otherwise: Course | float = 0) -> Course:
    """One course in a period, another outside."""
    since, until = period
    inside, outside = constantly(course), constantly(otherwise)
    return lambda ago: inside(ago) if until <= ago < since else outside(ago)


def once(ago: float) -> Course:
    """The rate of a counter that grows by one at a moment."""
    return during((ago, ago - 1.5 * STEP_SECONDS / 3600), 1 / STEP_SECONDS)
