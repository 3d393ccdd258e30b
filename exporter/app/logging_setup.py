"""structlog's configuration: on standard error, since standard output is for the output of commands."""

import contextlib
import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

from exporter.log import structlog


class StderrLogger:
    """Writes entries without Python's buffer. An entry that cannot be written (full disk, closed pipe) is lost.

    An error would end the thread that logs, and an entry left in the buffer would change the exit status.
    """

    def msg(self, entry: str) -> None:
        """Write an entry and a line feed."""
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), f"{entry}\n".encode(errors="backslashreplace"))

    debug = info = warning = error = exception = msg


def escape_controls(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape what a terminal or a reader would not show as it is: ESC, C1, bidi controls and the like.

    Names in values are chosen by containers and images. A traceback keeps its lines.
    """
    return {
        key: _escaped(value, keep="\n\t" if key == "exception" else "") if isinstance(value, str) else value
        for key, value in entry.items()
    }


def _escaped(text: str, keep: str) -> str:
    return "".join(
        character if character.isprintable() or character in keep else character.encode("unicode_escape").decode()
        for character in text
    )


def set_up(level: str, style: Literal["console", "json"] | None) -> None:
    """Log at `level` and above; `style` None means console on a terminal and JSON otherwise."""
    if style is None:
        style = "console" if sys.stderr.isatty() else "json"
    renderers = (
        [structlog.processors.JSONRenderer()]
        if style == "json"
        else [escape_controls, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: StderrLogger(),
        cache_logger_on_first_use=False,
    )
