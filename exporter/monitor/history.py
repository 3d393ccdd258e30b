"""The history: changes are detected where inventories and observations are made, and read by any thread."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from exporter.core.findings.finding import INFO
from exporter.core.history.change import FINDING_BEGAN, FINDING_ENDED, Change
from exporter.core.history.change_log import ChangeLog, Selection, select
from exporter.core.history.detector import ChangeDetector
from exporter.core.model.docker import Inventory
from exporter.core.observation import Observation
from exporter.log import get_logger

log = get_logger(component="history")


class HistoryRecorder:
    """Detects changes in one thread, and holds the latest for readers in any.

    `since` is the Unix time from which changes are recorded.
    """

    def __init__(
        self,
        max_entries: int,
        store: Callable[[Sequence[Change]], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`store` takes new changes and must not block."""
        self.since = clock()
        self._store, self._clock = store, clock
        self._detector = ChangeDetector()
        self._log = ChangeLog(max_entries)
        self._lock = threading.Lock()

    def restore(self, changes: Iterable[Change]) -> None:
        """Take the changes that an earlier process has recorded."""
        with self._lock:
            self._log.restore(changes)

    def record(self, *changes: Change) -> None:
        """Add changes, log the findings among them, and store them."""
        if not changes:
            return
        with self._lock:
            self._log.add(changes)
        for change in changes:
            _log_finding(change)
        self._store(changes)

    def update_inventory(self, inventory: Inventory) -> None:
        """Record what changed since the last inventory."""
        self._detect(lambda now: self._detector.update_inventory(inventory, now))

    def observe(self, observation: Observation) -> Observation:
        """Record what changed since the last observation; return this one with the number of changes by kind."""
        self._detect(lambda now: self._detector.observe(observation, now))
        counts = self._log.counts
        return observation if observation.changes is counts else replace(observation, changes=counts)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many changes there were of each kind: the same object while there is no other."""
        return self._log.counts

    def select(self, selection: Selection) -> list[Change]:
        """Return the selected changes by their time."""
        with self._lock:
            epochs = self._log.epochs()
        return select(epochs, selection)

    def _detect(self, detect: Callable[[float], list[Change]]) -> None:
        """An error costs the changes since the last moment, and no observation."""
        try:
            self.record(*detect(self._clock()))
        except Exception:
            log.exception("changes not detected, comparing from now on")
            self._detector = ChangeDetector()


def _log_finding(change: Change) -> None:
    if change.kind not in (FINDING_BEGAN, FINDING_ENDED):
        return
    values = {"kind": change.finding, "subject": change.subject, "labels": dict(change.labels), "detail": change.detail}
    if change.kind == FINDING_ENDED:
        log.info("finding ended", severity=change.before, seconds=change.seconds, **values)
    else:
        write = log.info if change.after == INFO else log.warning
        write("finding began", severity=change.after, seconds=0.0, **values)
