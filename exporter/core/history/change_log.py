"""The list of changes, bounded by their number and their bytes, and what is selected of it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from exporter.core.history.change import CONTAINER_RENAMED, KINDS, Change

MAX_BYTES = 32 << 20
MAX_SELECTED = 10_000
MIN_ID_PREFIX = 4
FIELDS = tuple(Change.__dataclass_fields__)
VALUES = attrgetter(*FIELDS)
TEXTS = (*("kind", "subject", "before", "after", "container", "container_id", "network", "by", "detail", "finding"),)


@dataclass(frozen=True, slots=True)
class Selection:
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

    def _append(self, change: Change) -> None:
        self._changes.append(change)
        self.size += change.size
        while len(self._changes) > self._max_entries or self.size > self._max_bytes:
            self.size -= self._changes.popleft().size


def select(changes: Iterable[Change], selection: Selection) -> list[Change]:
    """Return the selected changes by their time; those of one time in the order in which they were seen."""
    found = sorted(matching(changes, selection), key=attrgetter("time"))
    return found[-selection.limit :] if selection.limit else []


def matching(changes: Iterable[Change], selection: Selection) -> Iterable[Change]:
    """Return the changes that all criteria match, in their order; each criterion is a pass over what is left."""
    since, kind, network, container = selection.since, selection.kind, selection.network, selection.container
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
    return Change(time=float(row["time"]), labels=labels, seconds=seconds, **texts)


def _is_about(change: Change, container: str) -> bool:
    if container == change.container or (change.kind == CONTAINER_RENAMED and container == change.before):
        return True
    return len(container) >= MIN_ID_PREFIX and change.container_id.startswith(container)
