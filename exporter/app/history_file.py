"""The history in a file (SQLite): written by one thread, read at the start.

An entry is in the file at most about a second after it was recorded, and then survives the process. A file that cannot
be used costs itself and one log entry. Source: sqlite.org/wal.html, sqlite.org/pragma.html.
"""

import contextlib
import json
import sqlite3
import stat
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from exporter.core.history.change import Change
from exporter.core.history.change_log import document, parse_change
from exporter.log import get_logger

COMMIT_INTERVAL = 0.5
STOP_SECONDS = 1.0
MAX_FILE_BYTES = 64 << 20
MAX_WAITING = 10_000
VERSION = 1
PAGE_BYTES = 4096
FULL = 0.8  # the oldest quarter is deleted when so much of the file is used
TRIM = (
    "DELETE FROM changes WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT (SELECT count(*) / 4 + 1 FROM changes))"
)
SETUP = (
    f"PRAGMA page_size = {PAGE_BYTES}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # a commit survives the end of the process; a checkpoint also that of the host
    "PRAGMA journal_size_limit = 4194304",
)
SCHEMA = (
    "CREATE TABLE changes (id INTEGER PRIMARY KEY, document TEXT NOT NULL)",
    f"PRAGMA user_version = {VERSION}",
)

log = get_logger(component="history")


class HistoryFile:
    """Keeps the latest changes in a file. `store` may be called by any thread and does not block."""

    def __init__(
        self, path: Path, max_entries: int, max_bytes: int = MAX_FILE_BYTES, commit_interval: float = COMMIT_INTERVAL
    ) -> None:
        """Sizes are in bytes, `commit_interval` in seconds."""
        self._path, self._max_entries, self._commit_interval = path, max_entries, commit_interval
        self._max_pages = max_bytes // PAGE_BYTES
        self._connection: sqlite3.Connection | None = None
        self._waiting: deque[Change] = deque(maxlen=MAX_WAITING)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history_file", daemon=True)

    def start(self) -> list[Change]:
        """Open the file, return what it has, and begin to write; [] where it cannot be used, which is logged."""
        try:
            _check(self._path, self._max_pages * PAGE_BYTES)
            self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            _set_up(self._connection, self._max_pages)
            found = _read(self._connection, self._max_entries)
        except (sqlite3.Error, OSError, LookupError, TypeError, ValueError, AttributeError) as error:
            self._give_up(error)
            return []
        self._thread.start()
        return found

    def store(self, changes: Sequence[Change]) -> None:
        """Write changes within the commit interval; of more than MAX_WAITING the oldest are not written."""
        if self._connection is not None:
            self._waiting.extend(changes)

    def stop(self) -> None:
        """Write what waits, and close the file; a disk that hangs is not waited for."""
        self._stopped.set()
        if self._thread.ident:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while self._connection is not None:
            stopping = self._stopped.wait(self._commit_interval)
            try:
                self._write(self._connection)
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)
            if stopping:
                break
        if self._connection is not None:
            self._connection.close()

    def _write(self, connection: sqlite3.Connection) -> None:
        rows = [(json.dumps(row),) for row in document(self._waiting.popleft() for _ in range(len(self._waiting)))]
        if not rows:
            return
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO changes (document) VALUES (?)", rows)
        self._trim(connection)
        connection.execute("COMMIT")

    def _trim(self, connection: sqlite3.Connection) -> None:
        """Delete the oldest entries beyond the bounds; their pages are used again."""
        (latest,) = connection.execute("SELECT max(id) FROM changes").fetchone()
        connection.execute("DELETE FROM changes WHERE id <= ?", (latest - self._max_entries,))
        pages, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        if pages - free > FULL * self._max_pages:
            connection.execute(TRIM)

    def _give_up(self, error: Exception) -> None:
        log.error("history file not usable, the history is in memory only", file=str(self._path), error=str(error))
        connection, self._connection = self._connection, None
        self._waiting.clear()
        if connection is not None:
            connection.close()


def _check(path: Path, max_bytes: int) -> None:
    """Refuse what could not be read in time, or would be too large. Raises OSError or ValueError."""
    with contextlib.suppress(FileNotFoundError):
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("not a regular file")
        if found.st_size > max_bytes:
            raise ValueError(f"{found.st_size} bytes, more than {max_bytes}")


def _set_up(connection: sqlite3.Connection, max_pages: int) -> None:
    """Lock and check the file, then make what it lacks. Raises sqlite3.Error; nothing is written then."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # another exporter with this file is refused
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (problem,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if problem != "ok" or version not in (0, VERSION):
        raise sqlite3.DatabaseError(problem if problem != "ok" else f"version {version} of the file is not known")
    objects = connection.execute("SELECT type, name FROM sqlite_schema").fetchall()
    if objects != ([("table", "changes")] if version else []):
        raise sqlite3.DatabaseError("the file of another program")
    for statement in (*SETUP, *(SCHEMA if version == 0 else ())):
        connection.execute(statement)
    connection.execute(f"PRAGMA max_page_count = {max_pages}")


def _read(connection: sqlite3.Connection, most: int) -> list[Change]:
    rows = connection.execute("SELECT document FROM changes ORDER BY id DESC LIMIT ?", (most,)).fetchall()
    return [parse_row(text) for (text,) in reversed(rows)]


def parse_row(text: str) -> Change:
    """Parse what the file has of one change. Raises LookupError, TypeError, ValueError or AttributeError."""
    try:
        return parse_change(json.loads(text))
    except RecursionError as error:
        raise ValueError("too deeply nested") from error
