"""Sums of counters that only grow: readings come and go, what they have counted stays in their group.

A reading is a tuple whose first place is its key: an ifindex, or an endpoint's id where the counters are read inside
a container.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from operator import add
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from exporter.core.model.kernel_sample import ZERO_ROW, StatsRow

Reading = tuple[Any, ...]
G = TypeVar("G", bound=Hashable)


class Group(Struct):
    """The sum of the readings that ended, the keys of those that go on, and when the sum began (Unix time)."""

    base: StatsRow = ZERO_ROW
    keys: set[Hashable] = field(default_factory=set)
    created: float | None = None


class Readings:
    """The readings that go on, each as large as it ever was."""

    def __init__(self) -> None:
        self.rows: dict[Hashable, Reading] = {}

    def read(self, readings: Iterable[Reading]) -> None:
        """Take readings; those of unknown keys are ignored. None decreases: rx is 0 while a veth's peer is detached."""
        known = self.rows
        for row in readings:
            last = known.get(row[0])
            if last is not None and row != last:
                known[row[0]] = (row[0], *map(max, row[1:], last[1:]))

    def end(self, key: Hashable, final: Reading = ZERO_ROW) -> StatsRow:
        """Take a reading out; return the larger of its last and its final counters."""
        last = self.rows.pop(key)
        return (0, *map(max, last[1:], final[1:]))


class Totals(Generic[G]):
    """Groups of readings: each reading is in one of them, and adds its counters to it when it ends."""

    def __init__(self, readings: Readings) -> None:
        self.groups: dict[G, Group] = {}
        self.live: set[G] = set()  # the groups that are not known to be gone
        self._waiting: dict[Hashable, G] = {}  # label -> the group that is gone, and the reverse
        self._waiting_for: dict[G, Hashable] = {}
        self._rows = readings.rows
        self._group_of: dict[Hashable, G] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._group_of

    def track(self, key: Hashable, group: G, created: float | None = None) -> None:
        """Put a reading into a group; one that has a group stays there. `created` counts for a new sum only."""
        if key not in self._group_of:
            self._rows.setdefault(key, ZERO_ROW)
            self._group_of[key] = group
            self._group(group).keys.add(key)
        found = self.groups[self._group_of[key]]
        if found.created is None:
            found.created = created

    def close(self, key: Hashable, row: StatsRow) -> None:
        """Add a reading that has ended to its group; one that has none changes nothing."""
        group = self._group_of.pop(key, None)
        if group is not None:
            self.groups[group].keys.discard(key)
            self.add(group, row)

    def add(self, group: G, row: StatsRow) -> None:
        """Add counters that have ended."""
        found = self._group(group)
        found.base = _sum(found.base, row)

    def group_of(self, key: Hashable) -> G | None:
        """Return the group of a reading that goes on."""
        return self._group_of.get(key)

    def settle(self, present: Mapping[G, Hashable], label_of: Callable[[G], Hashable | None], limit: int) -> None:
        """Merge each group that is gone into the one that has its label now; keep at most `limit` that find none.

        `present` are the labels of the groups that exist; `label_of` returns the last label of one that is gone. So the
        sum that is shown under a label never decreases, although a container or network was recreated.
        """
        for name in self._waiting_for.keys() & present.keys():  # it exists again
            del self._waiting[self._waiting_for.pop(name)]
            self.live.add(name)
        for name in self.live.difference(present):
            self._wait(name, label_of(name) or name)
        for name, label in present.items() if self._waiting else ():
            if label in self._waiting:
                self._merge(self._stop_waiting(label), name)
        excess = len(self._waiting) - limit
        if excess > 0:
            idle = [label for label, name in self._waiting.items() if not self.groups[name].keys]
            for label in idle[:excess]:
                del self.groups[self._stop_waiting(label)]

    def _wait(self, name: G, label: Hashable) -> None:
        self.live.discard(name)
        if label in self._waiting:
            self._merge(self._stop_waiting(label), name)
            self.live.discard(name)
        self._waiting[label], self._waiting_for[name] = name, label

    def _stop_waiting(self, label: Hashable) -> G:
        name = self._waiting.pop(label)
        del self._waiting_for[name]
        return name

    def _merge(self, name: G, heir: G) -> None:
        group, into = self.groups.pop(name), self._group(heir)
        if group.base is not ZERO_ROW:
            into.base = _sum(into.base, group.base)
        into.keys |= group.keys
        self._group_of.update(dict.fromkeys(group.keys, heir))
        into.created = into.created if group.created is None else group.created

    def _group(self, name: G) -> Group:
        if name not in self.groups:
            self.groups[name] = Group()
            self.live.add(name)
        return self.groups[name]

    def created(self, group: G, default: float) -> float:
        """Return when the sum of a group began (Unix time)."""
        found = self.groups.get(group)
        return default if found is None or found.created is None else found.created

    def total(self, group: G) -> StatsRow:
        """Sum a group: what has ended and what goes on."""
        found = self.groups.get(group)
        if found is None:
            return ZERO_ROW
        if found.base is ZERO_ROW and len(found.keys) == 1:
            (key,) = found.keys
            return self._rows[key]
        rows = [self._rows[key] for key in found.keys]
        if found.base is not ZERO_ROW:
            rows.append(found.base)
        _, *columns = zip(ZERO_ROW, *rows, strict=True)
        return (0, *map(sum, columns))


def _sum(first: StatsRow, second: StatsRow) -> StatsRow:
    return (0, *map(add, first[1:], second[1:]))
