"""The list of changes, bounded by their number and their bytes, and what is selected of it."""

import itertools
from collections import deque
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from msgspec import Struct

from exporter.core.history.change import CONTAINER_RENAMED, KINDS, TIMED_BY_DOCKER, Change

MAX_BYTES = 32 << 20
MAX_SELECTED = 10_000
MIN_ID_PREFIX = 4
# A change that was observed so long before an earlier one: the clock was set back in between.
SET_BACK_SECONDS = 60.0
YEAR_10000 = 253_402_300_800.0  # Unix time: the times of a file or of another exporter may be any number
FIELDS = Change.__struct_fields__
VALUES = attrgetter(*FIELDS)
TEXTS = (*("kind", "subject", "before", "after", "container", "container_id", "network", "by", "detail", "finding"),)


class Selection(Struct, frozen=True):
    """What to select; empty is everything. `container` is a name or an ID prefix, `kind` one of a change or finding.

    `since` is Unix time. Of more than `limit` the latest are selected.
    """

    since: float = 0.0
    container: str = ""
    network: str = ""
    kind: str = ""
    limit: int = MAX_SELECTED


class ChangeLog:
    """Holds the latest changes. Not thread-safe.

    `counts` is how many there were of every kind: it never decreases, and is the same object while nothing is added.
    """

    def __init__(self, max_entries: int, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._changes: deque[Change] = deque()
        self._evicted = 0  # changes
        self._latest = 0.0  # time since the clock was set back
        self._epochs: list[int] = []  # where they begin, in changes
        self.counts: Mapping[str, int] = dict.fromkeys(KINDS, 0)
        self.size = 0

    def add(self, changes: Iterable[Change]) -> None:
        """Append changes; the oldest are evicted."""
        counts = dict(self.counts)
        for change in changes:
            counts[change.kind] = counts.get(change.kind, 0) + 1
            self._append(change)
        self.counts = counts

    def restore(self, changes: Iterable[Change]) -> None:
        """Append changes of an earlier process, which are not counted again."""
        for change in changes:
            self._append(change)

    def __len__(self) -> int:
        return len(self._changes)

    def changes(self) -> tuple[Change, ...]:
        """Return all of them in the order in which they were seen."""
        return tuple(self._changes)

    def epochs(self) -> list[tuple[Change, ...]]:
        """Return them as `changes`, divided where the clock was set back: times of an earlier part may be later."""
        changes = self.changes()
        begins = [begin - self._evicted for begin in self._epochs if begin > self._evicted]
        return [changes[first:last] for first, last in itertools.pairwise((0, *begins, len(changes)))]

    def _append(self, change: Change) -> None:
        self._follow_clock(change)
        self._changes.append(change)
        self.size += change.size
        while len(self._changes) > self._max_entries or self.size > self._max_bytes:
            self.size -= self._changes.popleft().size
            self._evicted += 1

    def _follow_clock(self, change: Change) -> None:
        """Begin an epoch where the clock was set back; Docker may report late, so its times do not show that."""
        if change.kind in TIMED_BY_DOCKER or change.time >= self._latest - SET_BACK_SECONDS:
            self._latest = max(self._latest, change.time)
            return
        after = itertools.takewhile(lambda one: _is_after(one, change), reversed(self._changes))
        begin = self._evicted + len(self._changes) - sum(1 for _ in after)
        self._epochs = [*(one for one in self._epochs if one > self._evicted), begin]
        self._latest = change.time


def _is_after(change: Change, observed: Change) -> bool:
    """Whether a change of Docker's, recorded right before the first observed one after a set-back, is after it, too."""
    return change.kind in TIMED_BY_DOCKER and change.time <= observed.time


def select(epochs: Iterable[Iterable[Change]], selection: Selection) -> list[Change]:
    """Return the selected changes by their time in each epoch; those of one time in the order in which they were seen.

    Those seen after the clock was set back are later, whatever their times.
    """
    found = [change for epoch in epochs for change in sorted(matching(epoch, selection), key=attrgetter("time"))]
    return found[-selection.limit :] if selection.limit else []


def matching(changes: Iterable[Change], selection: Selection) -> Iterable[Change]:
    """Return the changes that all criteria match, in their order; each criterion is a pass over what is left."""
    since, kind, network = selection.since, selection.kind, selection.network
    container = selection.container.removeprefix("/")  # of `docker inspect`
    if since:
        changes = [change for change in changes if change.time >= since]
    if kind:
        changes = [change for change in changes if kind in (change.kind, change.finding)]
    if network:
        changes = [change for change in changes if change.network == network]
    if container:
        changes = [change for change in changes if _is_about(change, container)]
    return changes


def document(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Return the changes for JSON, with every field."""
    return [dict(zip(FIELDS, VALUES(change), strict=True)) for change in changes]


def parse_change(row: Any) -> Change:
    """Parse what `document` returned. Raises LookupError, TypeError, ValueError or AttributeError for anything else."""
    texts = {name: str(row[name]) for name in TEXTS}
    labels = {str(name): str(value) for name, value in row["labels"].items()}
    seconds = None if row["seconds"] is None else float(row["seconds"])
    return Change(time=parse_time(row["time"]), labels=labels, seconds=seconds, **texts)


def parse_time(value: Any) -> float:
    """Parse a Unix time. Raises TypeError or ValueError for anything else, also for one beyond the year 9999."""
    at = float(value)
    if not 0.0 <= at < YEAR_10000:
        raise ValueError(f"invalid time {at}: expected one before the year 10000")
    return at


def _is_about(change: Change, container: str) -> bool:
    if container == change.container or (change.kind == CONTAINER_RENAMED and container == change.before):
        return True
    return len(container) >= MIN_ID_PREFIX and change.container_id.startswith(container)
