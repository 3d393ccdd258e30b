"""The file of the history on real file systems that are full or read-only: it costs one log entry."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
from pathlib import Path
from structlog.testing import capture_logs
from exporter.app.history_file import HistoryFile
from exporter.core.history.change import Change
from tests.support.waiting import until
with capture_logs() as entries:
    file = HistoryFile(Path(sys.argv[1]) / "history.db", 10_000)
    found = file.start()
    many = [Change("container_died", str(n), detail="x" * 512) for n in range(100)]
    until(lambda: file.store(many) or entries, 30, "the error")
    file.store([Change("container_died", "last")])
    file.stop()
print(json.dumps([len(found), [(entry["log_level"], entry["error"]) for entry in entries]]))
"""


@pytest.mark.parametrize(
    ("options", "error"),
    [("size=300k", "database or disk is full"), ("ro", "unable to open database file")],
    ids=["full", "read-only"],
)
def test_a_disk_that_cannot_be_written_costs_the_file_and_one_log_entry(
    tmp_path: Path, options: str, error: str
) -> None:
    mounting = f'mount -t tmpfs -o {options} none "$1" && exec "$2" -c "$3" "$1"'
    argv = ["unshare", "--mount", "sh", "-c", mounting, "sh", str(tmp_path), sys.executable, SCRIPT]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    found, entries = json.loads(done.stdout)
    assert (found, entries) == (0, [["error", error]])
