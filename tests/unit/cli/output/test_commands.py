"""The commands where no engine is: they say so, and end with 3 or with what they know."""

import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from exporter.cli.main import main

NO_ENGINE = "unix:///nowhere/docker.sock"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dockernet-exporter", "--docker.host", NO_ENGINE, *words])
        with pytest.raises(SystemExit) as ended:
            main()
    streams = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, streams.out, streams.err


def test_check_says_that_it_could_not_look(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "check")
    assert (code, err) == (3, "")
    assert "[Errno 2] No such file or directory" in out


def test_check_as_a_document_says_so_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "check", "--output", "json")
    whole = json.loads(out)
    assert (code, whole["verdict"], whole["findings"]) == (3, "unknown", [])
    assert whole["unseen"]["engine"].endswith("No such file or directory")


def test_ports_are_told_without_an_engine_and_what_is_missing_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = said(capsys, "ports")
    assert code == 0
    assert out
    assert "No such file or directory" in err
    assert json.loads(said(capsys, "ports", "--output", "json")[1]) is not None


@pytest.mark.parametrize("command", ["check", "ports"])
def test_another_output_is_refused(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, err = said(capsys, command, "--output", "xml")
    assert (code, out, "--output" in err) == (2, "", True)
