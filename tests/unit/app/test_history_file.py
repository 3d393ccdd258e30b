"""The file of the history: what it keeps, what it survives, and what costs the file alone."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.app.history_file import HistoryFile
from exporter.core.history.change import Change
from tests.support.program import LOOPBACK, NO_ENGINE, get, listening, started
from tests.support.waiting import until

SECONDS = 60
WRITER = """
import sys, time
from pathlib import Path
from exporter.app.history_file import HistoryFile
from exporter.core.history.change import Change
file = HistoryFile(Path(sys.argv[1]), 100_000)
number = len(file.start())
print("open", flush=True)
while True:
    file.store([Change("container_died", str(number), time=time.time())])
    number += 1
    time.sleep(0.002)
"""
UNUSABLE = "history file not usable, the history is in memory only"


def starts(path: Path) -> int:
    """Start the program, and kill it; how many starts its history has."""
    flags = (*LOOPBACK, "--docker.host", NO_ENGINE, "--history.file", str(path))
    with started(*flags) as process:
        _, body = get(listening(process), "/api/v1/history?kind=exporter_started")
        found = len(json.loads(body)["changes"])
        written = time.monotonic() + 2
        until(lambda: time.monotonic() > written, SECONDS, "two seconds")
    return found


def change(number: int, detail: str = "") -> Change:
    return Change("finding_ended", f"web{number}", "critical", time=1.5, detail=detail, labels={"a": "b"}, seconds=2.5)


@contextmanager
def opened(
    path: Path, entries: int = 1000, max_bytes: int = 1 << 20, commit_interval: float = 0.5
) -> Iterator[tuple[HistoryFile, list[Change]]]:
    file = HistoryFile(path, entries, max_bytes, commit_interval)
    try:
        yield file, file.start()
    finally:
        file.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_changes_are_there_at_the_next_start(path: Path) -> None:
    with opened(path) as (file, found):
        assert found == []
        file.store([change(1), change(2)])
    with opened(path) as (_, found):
        assert found == [change(1), change(2)]


def test_only_the_latest_are_kept(path: Path) -> None:
    with opened(path, 3) as (file, _):
        file.store([change(number) for number in range(10)])
    with opened(path) as (_, found):
        assert [one.subject for one in found] == ["web7", "web8", "web9"]


def test_the_file_does_not_outgrow_its_bound(path: Path) -> None:
    with opened(path, max_bytes=400_000, commit_interval=0.001) as (file, _):
        for number in range(1000):
            file.store([change(number, "x" * 512)])
            until(lambda: not file._waiting, SECONDS, "writing")
    with opened(path) as (_, found):
        assert found[-1].subject == "web999"
        assert len(found) > 100
    assert path.stat().st_size <= 400_000


@pytest.mark.parametrize("round_", range(3))
def test_a_kill_loses_nothing_that_is_older_than_two_seconds(path: Path, round_: int) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout
        assert writer.stdout.readline() == "open\n"
        end = time.monotonic() + 1.1 + 0.17 * round_  # at another moment of a commit each time
        until(lambda: time.monotonic() > end, SECONDS, "writing")
    finally:
        writer.kill()
        killed = time.time()
        writer.wait()
        if writer.stdout:
            writer.stdout.close()
    with opened(path, 100_000) as (_, found):
        assert [one.subject for one in found] == [str(number) for number in range(len(found))]
        assert found[-1].time > killed - 2


def test_the_program_has_the_history_of_the_one_that_was_killed(path: Path) -> None:
    assert [starts(path), starts(path)] == [1, 2]


def test_another_process_with_the_file_has_it_alone(path: Path) -> None:
    with opened(path) as (file, _), capture_logs() as entries:
        with opened(path) as (other, found):
            other.store([change(1)])
        file.store([change(2)])
        assert (found, [entry["event"] for entry in entries]) == ([], [UNUSABLE])
    with opened(path) as (_, found):
        assert found == [change(2)]


def damaged(path: Path) -> None:
    with opened(path) as (file, _):
        file.store([change(number, "x" * 500) for number in range(500)])
    whole = bytearray(path.read_bytes())
    whole[4096:12_288] = bytes(range(256)) * 32
    path.write_bytes(whole)


def garbage(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 1000)


def folder(path: Path) -> None:
    path.mkdir()


def later(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def other_rows(path: Path) -> None:
    with opened(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO changes (document) VALUES ('[]')")
    connection.close()


def deep_row(path: Path) -> None:
    with opened(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO changes (document) VALUES (?)", ("[" * 100_000,))
    connection.close()


def endless_view(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        endless = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, '{}' AS document FROM n"
        connection.execute(f"CREATE VIEW changes AS {endless}")
        connection.execute("PRAGMA user_version = 1")
    connection.close()


def other_program(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.close()


def large(path: Path) -> None:
    """A file of this program's, with a larger bound."""
    with opened(path, 10_000, 4 << 20) as (file, _):
        file.store([change(number, "x" * 512) for number in range(3000)])
    assert path.stat().st_size > 1 << 20


PLANTS = (damaged, garbage, folder, later, other_rows, deep_row, endless_view, other_program, large)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_file_that_cannot_be_used_is_one_log_entry_and_stays_as_it_is(path: Path, plant: object) -> None:
    plant(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else b""
    with capture_logs() as entries, opened(path) as (file, found):
        for number in range(10):
            file.store([change(number)])
        assert found == []
    assert [(entry["event"], entry["file"]) for entry in entries] == [(UNUSABLE, str(path))]
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_file_that_is_a_fifo_does_not_delay_the_start(path: Path) -> None:
    os.mkfifo(path)
    with capture_logs() as entries, opened(path) as (_, found):
        assert found == []
    assert [entry["error"] for entry in entries] == ["not a regular file"]


def test_a_full_disk_costs_the_file_and_one_log_entry(path: Path) -> None:
    with capture_logs() as entries, opened(path, max_bytes=40_000, commit_interval=0.001) as (file, _):
        file.store([change(1)])
        until(lambda: not file._waiting, SECONDS, "writing")
        file.store([change(number, "x" * 512) for number in range(500)])
        until(lambda: entries, SECONDS, "the error")
        file.store([change(3)])
    assert [(entry["event"], entry["error"]) for entry in entries] == [(UNUSABLE, "database or disk is full")]
    with opened(path) as (_, found):
        assert found == [change(1)]
