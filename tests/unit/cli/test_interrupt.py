"""Ctrl-C ends the program quietly, also before its modules are imported."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTS = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"


@pytest.mark.parametrize(("ignored", "status"), [(False, -signal.SIGINT), (True, 1)], ids=["terminal", "background"])
def test_ctrl_c_during_the_imports(tmp_path: Path, ignored: bool, status: int) -> None:  # noqa: FBT001
    """A shell starts what it leaves in the background with SIGINT ignored, and it stays so."""
    planted = INTERRUPTS if not ignored else INTERRUPTS.replace("time.sleep(60)", "raise SystemExit(1)")
    (tmp_path / "click.py").write_text(planted)
    ended = subprocess.run(
        [sys.executable, "-m", "exporter", "check"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
        stderr=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler),
    )
    assert (ended.returncode, ended.stderr) == (status, b"")
