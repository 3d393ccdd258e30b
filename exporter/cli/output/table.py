"""Tables on a terminal; in a pipe as wide as they need to be, without colours."""

import sys
import time
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.cli.output.text import printable

WIDE = 1000
STYLES = {
    "critical": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "ok": "green",
    "failed": "bold red",
    "blocked": "yellow",
    "unknown": "yellow",
}


def console(stream: TextIO | None = None) -> Console:
    """Make a console that writes to a stream, or to standard output."""
    stream = stream or sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False, soft_wrap=False)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = (), header: bool = True
) -> Table:
    """Make a table; `numbers` are the columns that are aligned to the right."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=header)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(cell, row))
    return made


def cell(text: str) -> Text:
    """Make a cell; a name cannot control the terminal."""
    return Text(printable(text), style=STYLES.get(text, ""))


def local_time(at: float) -> str:
    """Write a Unix time in this host's time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
