"""Tables on narrow terminals: what is there to be copied stays whole."""

import io

import pytest
from rich.console import Console

from exporter.cli.output.table import PADDING, console, fitted, print_table

COLUMNS = ("time", "kind", "detail")
ROWS = [
    ("2026-03-01 03:12:40", "container_started", "the container web was started on front with 172.18.0.2"),
    ("2026-03-01 03:14:02", "rules_removed", "ip nat DOCKER: 4"),
]


def printed(width: int) -> list[str]:
    out = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    print_table(out, COLUMNS, ROWS)
    assert out.width == width
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [1, 20, 40, 50, 60, 80, 100])
def test_no_word_is_broken(width: int) -> None:
    words = {word for row in (COLUMNS, *ROWS) for text in row for word in text.split()}
    assert {word for line in printed(width) for word in line.split()} == words


@pytest.mark.parametrize("width", [50, 60, 80])
def test_lines_fit_where_words_do(width: int) -> None:
    assert max(map(len, printed(width))) <= width
    assert len(printed(width)) > 3


def test_a_table_that_fits_is_not_folded() -> None:
    assert len(printed(200)) == len(printed(110)) == 3


def test_in_a_pipe_each_row_is_a_line() -> None:
    out = console(io.StringIO())
    print_table(out, COLUMNS, ROWS, header=False)
    assert isinstance(out.file, io.StringIO)
    assert [line.split()[0] for line in out.file.getvalue().splitlines()] == ["2026-03-01"] * 2


def test_the_widest_column_is_reduced_first() -> None:
    assert fitted([("a b c d e f", "name", "1")], 15) == [15 - 2 * PADDING - 5, 4, 1]
    assert fitted([("a b c d e f", "name", "1")], 1) == [1, 4, 1]
