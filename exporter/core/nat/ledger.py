"""What rules counted, by what outlives them: a published port, a network, a reason for a drop.

A rule is written anew at a container's restart, at a restart of dockerd, and in Docker's own tables at every change of
any port; each time it counts from 0. What it had counted before belongs to its sum. Whose a rule is, is asked while
its owner is known: a container may be gone before the last packet of its rule is read.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from exporter.core.nat.reading import Counted, Ended, NatReading
from exporter.core.nat.ruleset import Rule

PORT, MASQUERADE, DROP = "port", "masquerade", "drop"
MOST_UNCLAIMED = 4096

Series = tuple[str, ...]  # PORT, container, protocol, host port · MASQUERADE, network · DROP, network, reason


@dataclass(slots=True)
class Known:
    """A rule that lives: whose packets it counts, and how many were taken."""

    rule: Rule
    series: Series | None
    taken: int = 0
    unclaimed: int = 0


class NatLedger:
    """Sums that only grow. `series_of` says whose a rule's packets are: None is nobody known, () nobody's at all."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Known] = {}
        self._late: dict[Hashable, Known] = {}  # gone at the last change, and not told to have ended
        self._counted = Counted()
        self._watched: list[tuple[int, Known]] = []
        self._unclaimed: OrderedDict[int, tuple[Rule, int]] = OrderedDict()
        self._serial = 0
        self._sums: Counter[Series] = Counter()
        self._began: dict[Series, float] = {}

    def read(self, reading: NatReading, series_of: Callable[[Rule], Series | None], now: float) -> None:
        """Take a reading; `now` is Unix time, at which new series begin."""
        for ended in reading.ended:
            self._end(ended, series_of)
        if reading.counted is not self._counted:
            self._follow(reading.counted, series_of)
        for place, known in self._watched:
            packets = reading.packets[place]
            if packets != known.taken:
                self._take(known, packets)
            if known.series is None:
                self._claim(known, series_of(known.rule))
        for series in self._sums.keys() - self._began.keys():
            self._began[series] = now

    def claim(self, series_of: Callable[[Rule], Series | None]) -> None:
        """Ask again whose the packets are, once more is known: a container may have another name from now on."""
        for _, known in self._watched:
            series = series_of(known.rule)
            if series and known.series and series != known.series:
                known.series = series
                self._sums[series] += 0
        for known in self._late.values():
            if known.series is None:
                self._claim(known, series_of(known.rule))
        for serial, (rule, packets) in list(self._unclaimed.items()):
            series = series_of(rule)
            if series is not None:
                del self._unclaimed[serial]
                self._add(series, packets)

    def sums(self, kind: str) -> Mapping[Series, int]:
        """Return the sums of one kind, without the kind."""
        return {series[1:]: count for series, count in self._sums.items() if series[0] == kind}

    def began(self, kind: str) -> Mapping[Series, float]:
        """Return when each series of one kind began (Unix time)."""
        return {series[1:]: since for series, since in self._began.items() if series[0] == kind}

    def forget(self, gone: Callable[[Series], bool]) -> None:
        """Drop the series of what is gone for good; those of rules that still live stay."""
        living = {known.series for known in self._known.values()}
        for series in [series for series in self._sums if series not in living and gone(series)]:
            del self._sums[series]
            self._began.pop(series, None)

    def _follow(self, counted: Counted, series_of: Callable[[Rule], Series | None]) -> None:
        """Other rules are there: those that are not any more have been told as ended, or will be, or never."""
        self._counted = counted
        self._watched = []
        known = self._known
        self._known = {}
        for place, (key, rule) in enumerate(zip(counted.keys, counted.rules, strict=True)):
            found = known.get(key)
            if found is not None and found.rule == rule:
                del known[key]
            else:  # the end of another that had its key was lost
                found = Known(rule, series_of(rule))
            self._known[key] = found
            if found.series != ():
                self._watched.append((place, found))
            if found.series:
                self._sums[found.series] += 0
        for gone in self._late.values():
            self._keep(gone)
        self._late = known

    def _end(self, ended: Ended, series_of: Callable[[Rule], Series | None]) -> None:
        known = self._known.pop(ended.key, None) or self._late.pop(ended.key, None)
        if known is None or known.rule != ended.rule:
            known = Known(ended.rule, series_of(ended.rule))
        self._take(known, ended.packets)
        if known.series is None:
            self._claim(known, series_of(ended.rule))
        self._keep(known)

    def _keep(self, ended: Known) -> None:
        """Wait for its owner."""
        if ended.series is None and ended.unclaimed:
            self._serial += 1
            self._unclaimed[self._serial] = ended.rule, ended.unclaimed
            if len(self._unclaimed) > MOST_UNCLAIMED:
                self._unclaimed.popitem(last=False)

    def _take(self, known: Known, packets: int) -> None:
        """A smaller value was set to zero in between."""
        more = packets - known.taken if packets >= known.taken else packets
        known.taken = packets
        if known.series is None:
            known.unclaimed += more
        else:
            self._add(known.series, more)

    def _claim(self, known: Known, series: Series | None) -> None:
        known.series = series
        if series is not None:
            self._add(series, known.unclaimed)
            known.unclaimed = 0

    def _add(self, series: Series, packets: int) -> None:
        if series:
            self._sums[series] += packets
