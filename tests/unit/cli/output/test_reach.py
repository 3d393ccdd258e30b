"""Paths from a container on a terminal and in a pipe."""

import io

from exporter.cli.output import reach, table
from tests.support.reach_hosts import ReachHost


def test_the_verdict_of_several_paths_is_a_line_of_its_own() -> None:
    console = table.console(io.StringIO())
    reach.print_answer(ReachHost().answer("web:80"), console)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[-2:] == ["", "client web:80: reachable"]
