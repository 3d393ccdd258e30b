"""A line on a terminal's standard error while a command takes longer than a second: what it waits for, since when."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

DELAY_SECONDS = UPDATE_SECONDS = 1.0
CLEAR = "\r\x1b[K"  # ECMA-48: carriage return, erase in line


@contextlib.contextmanager
def progress(delay: float = DELAY_SECONDS) -> Iterator[Callable[[str], None]]:
    """Yield what sets the stage that the line shows. No line without a terminal, nor on one without control codes."""
    stage = ["starting"]
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    ended = threading.Event()
    thread = threading.Thread(target=_show, args=(stage, ended, delay), name="progress", daemon=True)
    thread.start()
    try:
        yield lambda name: stage.__setitem__(0, name)
    finally:
        ended.set()
        thread.join()


def _show(stage: list[str], ended: threading.Event, delay: float) -> None:
    started = time.monotonic()
    if ended.wait(delay):
        return
    while True:
        _write(f"{CLEAR}{stage[0]} ({time.monotonic() - started:.0f} s)")
        if ended.wait(UPDATE_SECONDS):
            _write(CLEAR)
            return


def _write(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), text.encode())
