"""structlog's set-up: few entries, many keys; on standard error, for standard output belongs to commands."""

import contextlib
import logging
import os
import sys
from typing import Any, Literal

# structlog takes rich for tracebacks where that is installed: 4 MB that only the commands which print tables need.
_modules: dict[str, Any] = sys.modules
_hidden = "rich" not in _modules and _modules.setdefault("rich", None) is None
import structlog  # noqa: E402

if _hidden:
    del _modules["rich"]

LEVELS = ("debug", "info", "warning", "error")


class StderrLogger:
    """Writes entries past Python's buffer. What a full disk or a reader that has gone refuses is lost.

    An error would end the thread that has something to say, and what stayed in the buffer would spoil the exit code.
    """

    def msg(self, entry: str) -> None:
        """Write an entry and the end of its line."""
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), f"{entry}\n".encode(errors="backslashreplace"))

    debug = info = warning = error = exception = msg


def set_up(level: str, style: Literal["console", "json"] | None) -> None:
    """Log at `level` and above; `style` None means console on a terminal and JSON otherwise."""
    if style is None:
        style = "console" if sys.stderr.isatty() else "json"
    renderer = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: StderrLogger(),
        cache_logger_on_first_use=False,
    )
