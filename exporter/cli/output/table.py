"""Tables on a terminal; in a pipe as wide as they need to be, without colours."""

import itertools
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.cli.output.text import printable

WIDE = 1000
PADDING = 2  # between columns
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
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    header: bool = True,
    widths: Sequence[int] = (),
) -> Table:
    """Make a table; `numbers` are the columns that are aligned to the right, `widths` those of the first columns."""
    made = Table(box=None, pad_edge=False, padding=(0, PADDING, 0, 0), header_style="bold", show_header=header)
    for column, width in itertools.zip_longest(columns, widths):
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold", width=width)
    for row in rows:
        made.add_row(*map(cell, row))
    return made


def cell(text: str) -> Text:
    """Make a cell; a name cannot control the terminal."""
    return Text(printable(text), style=STYLES.get(text, ""))


def local_time(at: float) -> str:
    """Write a Unix time in this host's time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
