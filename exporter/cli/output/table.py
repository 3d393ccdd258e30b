"""Tables on a terminal; in a pipe as wide as they need to be, without colours."""

import itertools
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.cells import cell_len
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


def print_table(
    out: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    header: bool = True,
) -> None:
    """Print a table. On a narrow terminal cells are folded between words; lines are longer where that is not enough.

    A name, an address or a time stays whole: it is there to be copied.
    """
    cells = [tuple(map(printable, row)) for row in rows]
    widths = fitted([columns, *cells] if header else cells, out.width)
    before = out.width
    out.width = max(before, sum(widths) + PADDING * (len(widths) - 1))
    out.print(table(columns, cells, numbers=numbers, header=header, widths=widths))
    out.width = before


def fitted(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the widths of columns that fit into a width as far as no word is broken: the widest are reduced first."""
    texts = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, column)) for column in texts]
    words = [max(cell_len(word) for text in column for word in text.split(" ")) for column in texts]
    excess = sum(widths) + PADDING * (len(widths) - 1) - width
    while excess > 0 and widths != words:
        widest = max((n for n, one in enumerate(widths) if one > words[n]), key=widths.__getitem__)
        widths[widest] -= 1
        excess -= 1
    return widths


def cell(text: str) -> Text:
    """Make a cell; a name cannot control the terminal."""
    return Text(printable(text), style=STYLES.get(text, ""))


def local_time(at: float) -> str:
    """Write a Unix time in this host's time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
