"""The history after 100,000 changes: its memory, and how long a query takes."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.figures import MS, Row, Times, judged, measured, number, took
from bench.scale import QUICK, Scale
from exporter.core.history.change import CONTAINER_DIED, CONTAINER_STARTED, Change
from exporter.core.history.change_log import MAX_BYTES, Selection
from exporter.monitor.history import HistoryRecorder
from exporter.web.page import api

CHANGES, QUICK_CHANGES, BATCH = 100_000, 20_000, 10
CONTAINERS = 200
GOAL_MS = 50
PAGE = os.sysconf("SC_PAGE_SIZE")
SELECTIONS = {
    "latest 1,000": Selection(limit=1000),
    "one container": Selection(container="shop-web-7", limit=1000),
    "one kind": Selection(kind=CONTAINER_DIED, limit=1000),
}


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    count = QUICK_CHANGES if scale == QUICK else CHANGES
    for entries in (10_000, CHANGES):
        yield from _rows(count, entries)


def _rows(count: int, entries: int) -> Iterator[Row]:
    history, before = HistoryRecorder(entries), _memory()
    batches = (changes(BATCH, first) for first in range(0, count, BATCH))
    times = Times(took(partial(history.record, *batch)) for batch in batches)
    grown = (_memory() - before) / 2**20
    size = f"{count} changes, {entries} entries"
    goal = judged(f"<= {MAX_BYTES >> 20} MiB", met=grown <= MAX_BYTES >> 20)
    yield Row(f"history: record {BATCH} changes", size, times.tail(), f"memory {number(grown)} MiB", goal)
    for name, selection in SELECTIONS.items():
        query = measured(30, partial(_query, history, selection))
        goal = judged(f"<= {GOAL_MS} ms", met=query.middle * MS <= GOAL_MS)
        yield Row(f"history: query, {name}", size, query.text(), "", goal)


def _query(history: HistoryRecorder, selection: Selection) -> str:
    return api.changes(history.select(selection), 0.0)


def changes(count: int, first: int = 0) -> list[Change]:
    """Lives of containers, so many from this number on."""
    return [_change(number) for number in range(first, first + count)]


def _change(number: int) -> Change:
    name = f"shop-web-{number % CONTAINERS}"
    kind, before, after = (CONTAINER_STARTED, "exited", "running") if number % 2 else (CONTAINER_DIED, "running", "0")
    detail = f"front 172.18.{number % 250}.{number % 251}"
    return Change(kind, name, before, after, float(number), name, f"{number:064x}", "front", detail=detail)


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
