"""Totals of rules' packet counters by what outlives a rule: a published port, a network, a reason for a drop.

A rule is written anew at a container's restart, at a restart of dockerd, and in Docker's own tables at every change of
any port; each time it counts from 0, and what it had counted before stays in its total. A rule is attributed while its
owner is known: a container may be removed before the last packets of its rule are read.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from itertools import count

from msgspec import Struct

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.nat.reading import Counted, Ended, NatReading
from exporter.core.nat.ruleset import Rule

PORT, MASQUERADE, DROP = "port", "masquerade", "drop"
MAX_UNATTRIBUTED = 4096

Series = tuple[str, ...]  # PORT, container, protocol, host port · MASQUERADE, network · DROP, network, reason
SeriesOf = Callable[[Rule], Series | None]  # None: not known yet; (): of no series


class CountedRule(Struct):
    """A present rule: its series, the counter as last read, and the packets that wait for a series."""

    rule: Rule
    series: Series | None
    read: int = 0
    unattributed: int = 0


class NatLedger:
    """Totals never decrease. Not thread-safe."""

    def __init__(self) -> None:
        self._present: dict[Hashable, CountedRule] = {}
        self._disappeared: dict[Hashable, CountedRule] = {}  # at the last change, without their final counters
        self._counted = Counted()
        self._read_at: list[tuple[int, CountedRule]] = []  # with the place in a reading's packets
        self._unattributed: BoundedDict[int, tuple[Rule, int]] = BoundedDict(MAX_UNATTRIBUTED)
        self._ids = count()
        self._totals: Counter[Series] = Counter()
        self._created: dict[Series, float] = {}

    def read(self, reading: NatReading, series_of: SeriesOf, now: float) -> None:
        """Add a reading; `now` is Unix time, at which new series are created."""
        for ended in reading.ended:
            self._end(ended, series_of)
        if reading.counted is not self._counted:
            self._replace_rules(reading.counted, series_of)
        for place, counted in self._read_at:
            packets = reading.packets[place]
            if packets != counted.read:
                self._add_reading(counted, packets)
            if counted.series is None:
                self._attribute(counted, series_of(counted.rule))
        for series in self._totals.keys() - self._created.keys():
            self._created[series] = now

    def attribute(self, series_of: SeriesOf) -> None:
        """Attribute again after a change of the inventory: a container may have another name from now on."""
        for _, counted in self._read_at:
            series = series_of(counted.rule)
            if series and counted.series and series != counted.series:
                counted.series = series
                self._totals[series] += 0
        for counted in self._disappeared.values():
            if counted.series is None:
                self._attribute(counted, series_of(counted.rule))
        for number, (rule, packets) in list(self._unattributed.items()):
            series = series_of(rule)
            if series is not None:
                del self._unattributed[number]
                self._add(series, packets)

    def totals(self, kind: str) -> Mapping[Series, int]:
        """Return the totals of one kind; the series are without the kind."""
        return {series[1:]: packets for series, packets in self._totals.items() if series[0] == kind}

    def created(self, kind: str) -> Mapping[Series, float]:
        """Return when each series of one kind was created (Unix time)."""
        return {series[1:]: since for series, since in self._created.items() if series[0] == kind}

    def forget(self, gone: Callable[[Series], bool]) -> None:
        """Drop the series that are gone, except those of present rules."""
        present = {counted.series for counted in self._present.values()}
        for series in [series for series in self._totals if series not in present and gone(series)]:
            del self._totals[series]
            self._created.pop(series, None)

    def _replace_rules(self, counted: Counted, series_of: SeriesOf) -> None:
        """Take other rules. The final counters of absent ones were read before, are read later, or are lost."""
        self._counted, self._read_at = counted, []
        before, self._present = self._present, {}
        for place, (key, rule) in enumerate(zip(counted.keys, counted.rules, strict=True)):
            found = before.get(key)
            if found is not None and found.rule == rule:
                del before[key]
            else:  # the final counters of another rule that had the key were lost
                found = CountedRule(rule, series_of(rule))
            self._present[key] = found
            if found.series != ():
                self._read_at.append((place, found))
            if found.series:
                self._totals[found.series] += 0
        for gone in self._disappeared.values():
            self._keep_unattributed(gone)
        self._disappeared = before

    def _end(self, ended: Ended, series_of: SeriesOf) -> None:
        counted = self._present.pop(ended.key, None) or self._disappeared.pop(ended.key, None)
        if counted is None or counted.rule != ended.rule:
            counted = CountedRule(ended.rule, series_of(ended.rule))
        self._add_reading(counted, ended.packets)
        if counted.series is None:
            self._attribute(counted, series_of(ended.rule))
        self._keep_unattributed(counted)

    def _keep_unattributed(self, ended: CountedRule) -> None:
        if ended.series is None and ended.unattributed:
            self._unattributed[next(self._ids)] = ended.rule, ended.unattributed

    def _add_reading(self, counted: CountedRule, packets: int) -> None:
        """Add what is new; a smaller value was reset in between."""
        more = packets - counted.read if packets >= counted.read else packets
        counted.read = packets
        if counted.series is None:
            counted.unattributed += more
        else:
            self._add(counted.series, more)

    def _attribute(self, counted: CountedRule, series: Series | None) -> None:
        counted.series = series
        if series is not None:
            self._add(series, counted.unattributed)
            counted.unattributed = 0

    def _add(self, series: Series, packets: int) -> None:
        if series:
            self._totals[series] += packets
