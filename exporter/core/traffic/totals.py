"""Sums of counters that only grow: readings come and go, what they have counted stays in their group.

A reading is a tuple whose first place is its key: an ifindex, or an endpoint's id where the counters are read inside
a container.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from operator import add
from typing import Any, Generic, TypeVar

from exporter.core.model.kernel_sample import NOTHING, StatsRow

Reading = tuple[Any, ...]
G = TypeVar("G", bound=Hashable)


@dataclass(slots=True)
class Group:
    """What ended readings left behind, and the keys of those that go on."""

    base: StatsRow = NOTHING
    keys: set[Hashable] = field(default_factory=set)


class Readings:
    """The readings that go on, each as large as it ever was."""

    def __init__(self) -> None:
        self.rows: dict[Hashable, Reading] = {}

    def read(self, readings: Iterable[Reading]) -> None:
        """Take readings, others' included. None goes back: a veth whose peer is being detached reads rx = 0."""
        known = self.rows
        for row in readings:
            last = known.get(row[0])
            if last is not None and row != last:
                known[row[0]] = (row[0], *map(max, row[1:], last[1:]))

    def end(self, key: Hashable, final: Reading = NOTHING) -> StatsRow:
        """Take a reading out; return the larger of its last and its final counters."""
        last = self.rows.pop(key)
        return (0, *map(max, last[1:], final[1:]))


class Totals(Generic[G]):
    """Groups of readings: each reading is in one of them, and leaves it what it had counted."""

    def __init__(self, readings: Readings) -> None:
        self.groups: OrderedDict[G, Group] = OrderedDict()
        self._rows = readings.rows
        self._group_of: dict[Hashable, G] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._group_of

    def track(self, key: Hashable, group: G) -> None:
        """Put a reading into a group; one that has a group stays there."""
        if key not in self._group_of:
            self._rows.setdefault(key, NOTHING)
            self._group_of[key] = group
            self.groups.setdefault(group, Group()).keys.add(key)

    def close(self, key: Hashable, row: StatsRow) -> None:
        """Leave a reading that has ended to its group; one that has none changes nothing."""
        group = self._group_of.pop(key, None)
        if group is not None:
            self.groups[group].keys.discard(key)
            self.add(group, row)

    def add(self, group: G, row: StatsRow) -> None:
        """Count what has ended."""
        found = self.groups.setdefault(group, Group())
        found.base = (0, *map(add, found.base[1:], row[1:]))

    def group_of(self, key: Hashable) -> G | None:
        """Return the group of a reading that goes on."""
        return self._group_of.get(key)

    def prune(self, limit: int) -> None:
        """Forget the oldest groups without a reading that goes on, beyond `limit` of them."""
        for group in [name for name, found in self.groups.items() if not found.keys][: -limit or None]:
            del self.groups[group]

    def total(self, group: G) -> StatsRow:
        """Sum a group: what has ended and what goes on."""
        found = self.groups.get(group)
        if found is None:
            return NOTHING
        if found.base is NOTHING and len(found.keys) == 1:
            (key,) = found.keys
            return self._rows[key]
        rows = [self._rows[key] for key in found.keys]
        if found.base is not NOTHING:
            rows.append(found.base)
        _, *columns = zip(NOTHING, *rows, strict=True)
        return (0, *map(sum, columns))
