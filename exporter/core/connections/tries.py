"""Connects of the last minutes, of the pairs of which some failed."""

from collections import deque
from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import FAILED, Counts

WINDOW_SECONDS, STEP_SECONDS = 300.0, 5.0
NONE_BEFORE = PairSums()


class Tries(Struct, frozen=True):
    """Connects of a pair in the window: those that were established, and those that failed by reason.

    `failing` says that at least half of those of the last reading with connects failed.
    """

    established: int
    failed: Mapping[str, int]
    failing: bool


class Window(Struct):
    """Readings of one pair with their times, the first one at the start of the window or before."""

    readings: deque[tuple[float, Counts]] = field(default_factory=deque)
    failing: bool = False

    def add(self, counts: Counts, now: float) -> None:
        """Take a reading; those of less than STEP_SECONDS become one."""
        last = self.readings[-1][1]
        established, failed = counts.established - last.established, sum(counts.failures) - sum(last.failures)
        if established or failed:
            self.failing = failed >= established
        if len(self.readings) > 1 and now - self.readings[-2][0] < STEP_SECONDS:
            self.readings.pop()
        self.readings.append((now, counts))
        while len(self.readings) > 1 and self.readings[1][0] <= now - WINDOW_SECONDS:
            self.readings.popleft()

    def tries(self) -> Tries:
        """Return the differences over the window."""
        (_, first), (_, last) = self.readings[0], self.readings[-1]
        differences = zip(FAILED, first.failures, last.failures, strict=True)
        failed = {reason: new - old for reason, old, new in differences if new > old}
        return Tries(last.established - first.established, failed, self.failing)


class TryWindows:
    """Not thread-safe. Keeps readings of pairs with failed connects in the window only."""

    def __init__(self) -> None:
        self._windows: dict[Pair, Window] = {}
        self._former: Mapping[Pair, PairSums] = {}
        self._last = 0.0

    def update(self, report: ConnectionReport, now: float) -> dict[Pair, Tries]:
        """Take a report; return the pairs of which connects failed in the window.

        `now` is in seconds from any origin and never decreases.
        """
        for pair, sums in report.pairs.items():
            if not sums.last_failed or pair in self._windows:  # most pairs never failed
                continue
            former = self._former.get(pair, NONE_BEFORE)
            if sums.last_failed != former.last_failed:
                self._windows[pair] = Window(deque([(self._last, former.counts)]))
        self._former, self._last = report.pairs, now
        for pair in self._windows.keys() - report.pairs.keys():
            del self._windows[pair]
        for pair, window in self._windows.items():
            window.add(report.pairs[pair].counts, now)
        found = {pair: window.tries() for pair, window in self._windows.items()}
        self._windows = {pair: window for pair, window in self._windows.items() if found[pair].failed}
        return {pair: tries for pair, tries in found.items() if tries.failed}
