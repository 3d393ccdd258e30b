"""Steps of a path, on a narrow terminal and in a pipe."""

import io

from rich.console import Console

from exporter.cli.output import table
from exporter.cli.output.steps import print_steps
from exporter.core.explain.path import DNAT, FAILED, HOST, OK, Step

REMEDY = "Run `iptables -t nat -S DOCKER` and restart the Docker Engine, which writes its rules anew."
STEPS = (
    Step(HOST, OK, "tcp/8080 is held by docker-proxy of web, which is a container on network front"),
    Step(DNAT, FAILED, "no rule sends it to web", "dnat_missing", REMEDY),
)


def printed(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    print_steps(STEPS, console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_remedy_can_be_copied_from_a_narrow_terminal_and_a_detail_is_folded() -> None:
    lines = printed(Console(file=io.StringIO(), width=40, force_terminal=True, color_system=None))
    assert f"              -> {REMEDY}" in lines
    assert [line for line in lines if len(line) > 40] == [f"              -> {REMEDY}"]
    assert {line[:14].strip() for line in lines} == {"ok      host", "failed  dnat", ""}


def test_in_a_pipe_each_step_is_a_line() -> None:
    assert printed(table.console(io.StringIO())) == [
        f"ok      host  {STEPS[0].detail}",
        "failed  dnat  no rule sends it to web [dnat_missing]",
        f"              -> {REMEDY}",
    ]


def test_a_path_without_steps_prints_nothing() -> None:
    console = table.console(io.StringIO())
    print_steps((), console)
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]
