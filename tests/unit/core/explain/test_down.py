"""What is said of a container that is down, and what starts it."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.code import words_of
from exporter.core.explain.down import how_down, start_command
from exporter.core.model.container_details import Details
from tests.support.builders import run, stop

WEB = stop(run("web"))


@pytest.mark.parametrize(
    ("state", "details", "commands"),
    [
        ("created", None, ["start"]),
        ("exited", Details(), ["start"]),
        ("exited", Details(exit_code=3), ["logs", "start"]),
        ("exited", Details(exit_code=137, oom_killed=True), ["logs", "start"]),
        ("restarting", Details(exit_code=3), ["logs"]),
    ],
)
def test_what_ended_with_an_error_is_looked_at_before_it_is_started(
    state: str, details: Details | None, commands: list[str], sentence: Any
) -> None:
    container = replace(WEB, state=state, details=details)
    command = start_command(words_of(None), container)
    assert [word for word in ("logs", "start") if f"{word} web" in command] == commands
    assert (how_down(container), command) == (sentence, sentence)


def test_a_start_that_failed_has_its_error_and_no_log() -> None:
    container = replace(WEB, state="created", details=Details(exit_code=128, error="port is already allocated"))
    assert how_down(container) == "created, with exit code 128: port is already allocated"
    assert start_command(words_of(None), container) == "Fix the cause and run `docker start web`."


def test_an_end_for_lack_of_memory_is_said() -> None:
    assert "out of memory" in how_down(replace(WEB, details=Details(exit_code=137, oom_killed=True)))
    assert "memory" not in how_down(replace(WEB, details=Details(exit_code=137)))
