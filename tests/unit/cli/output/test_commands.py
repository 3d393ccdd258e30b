"""The commands where no engine is: they say so, and end with 3 or with what they know."""

import json

import pytest

from tests.support.command_line import run_main

NO_ENGINE = "unix:///nowhere/docker.sock"


def test_check_says_that_it_could_not_look(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_main(capsys, "--docker.host", NO_ENGINE, "check")
    assert (code, err) == (3, "")
    assert ": /nowhere/docker.sock: No such file or directory" in out


def test_check_as_a_document_says_so_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run_main(capsys, "--docker.host", NO_ENGINE, "check", "--output", "json")
    whole = json.loads(out)
    assert (code, whole["verdict"], whole["findings"]) == (3, "unknown", [])
    assert whole["unseen"]["engine"].endswith("No such file or directory")


def test_ports_are_told_without_an_engine_and_what_is_missing_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run_main(capsys, "--docker.host", NO_ENGINE, "ports")
    assert code == 0
    assert out
    assert "No such file or directory" in err
    assert json.loads(run_main(capsys, "--docker.host", NO_ENGINE, "ports", "--output", "json")[1]) is not None


@pytest.mark.parametrize("command", ["check", "ports"])
def test_another_output_is_refused(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, err = run_main(capsys, "--docker.host", NO_ENGINE, command, "--output", "xml")
    assert (code, out, "--output" in err) == (2, "", True)
