"""Sums of counters that only grow: readings come and go, what they have counted stays in their group.

A reading is a tuple whose first place is its key: an ifindex, or an endpoint's id where the counters are read inside
a container.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from operator import add
from typing import Any, Generic, TypeVar

from exporter.core.sample import NOTHING, RX_PACKETS, TX_PACKETS, StatsRow

Reading = tuple[Any, ...]
G = TypeVar("G", bound=Hashable)


@dataclass(slots=True)
class Group:
    """What ended readings left behind, and the keys of those that go on."""

    base: StatsRow = NOTHING
    keys: set[Hashable] = field(default_factory=set)


class Totals(Generic[G]):
    """Readings by key, each in one group."""

    def __init__(self) -> None:
        self.groups: OrderedDict[G, Group] = OrderedDict()
        self._rows: dict[Hashable, Reading] = {}
        self._group_of: dict[Hashable, G] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._rows

    def keys(self) -> Iterable[Hashable]:
        """Return the keys of the readings that go on."""
        return self._rows.keys()

    def track(self, key: Hashable, group: G) -> None:
        """Begin to follow a reading; one that is followed already stays in its group."""
        if key not in self._rows:
            self._rows[key] = NOTHING
            self._group_of[key] = group
            self.groups.setdefault(group, Group()).keys.add(key)

    def read(self, readings: Iterable[Reading]) -> None:
        """Take readings, others' included. None goes back: a veth whose peer is being detached reads rx = 0."""
        known = self._rows
        for row in readings:
            last = known.get(row[0])
            if last is None:
                continue
            if row[RX_PACKETS] < last[RX_PACKETS] or row[TX_PACKETS] < last[TX_PACKETS]:
                row = (row[0], *map(max, row[1:], last[1:]))  # noqa: PLW2901  the corrected reading is the reading
            known[row[0]] = row

    def end(self, key: Hashable, final: Reading = NOTHING) -> StatsRow:
        """Leave the larger of the last reading and the final one to the group; return what was left."""
        last = self._rows.pop(key)
        group = self.groups[self._group_of.pop(key)]
        group.keys.discard(key)
        left = (0, *map(max, last[1:], final[1:]))
        group.base = tuple(map(add, group.base, left))
        return left

    def add(self, group: G, row: Reading) -> None:
        """Count what was never read while it went on."""
        found = self.groups.setdefault(group, Group())
        found.base = (0, *map(add, found.base[1:], row[1:]))

    def group_of(self, key: Hashable) -> G | None:
        """Return the group of a reading that goes on."""
        return self._group_of.get(key)

    def prune(self, limit: int) -> None:
        """Forget the oldest groups without a reading that goes on, beyond `limit` groups."""
        for group in [name for name, found in self.groups.items() if not found.keys][: -limit or None]:
            del self.groups[group]

    def total(self, group: G) -> StatsRow:
        """Sum a group: what has ended and what goes on."""
        found = self.groups.get(group)
        if found is None:
            return NOTHING
        rows = [self._rows[key] for key in found.keys]
        if found.base is not NOTHING:
            rows.append(found.base)
        if len(rows) == 1:
            return rows[0]
        _, *columns = zip(NOTHING, *rows, strict=True)
        return (0, *map(sum, columns))
