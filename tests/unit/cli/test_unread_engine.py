"""An engine that answers lists and no inspect: each command says that it was not read whole."""

import json

import pytest

from exporter.cli import snapshot
from exporter.cli.output.check_result import build_result
from tests.support.builders import observed, shop
from tests.support.command_line import run_main
from tests.unit.cli.test_main import hanging_engine

UNREAD = "the Docker Engine was not read whole within 30 seconds"


@pytest.mark.parametrize("words", [("topology",), ("explain", "web", "db")])
def test_it_is_one_line_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(snapshot, "ENGINE_SECONDS", 1.0)
    with hanging_engine() as (url, _):
        _, _, err = run_main(capsys, *words, "--docker.host", url)
    assert err == f"dockernet-exporter: {UNREAD}: inspects were not read: web\n"


@pytest.mark.parametrize("words", [("ports",), ("explain", "8080"), ("check",)])
def test_it_is_among_what_was_not_inspected(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(snapshot, "ENGINE_SECONDS", 1.0)
    with hanging_engine() as (url, _):
        _, out, err = run_main(capsys, *words, "--docker.host", url)
    assert f"  {UNREAD}: inspects were not read: web\n" in out + err


def test_a_result_of_an_engine_that_was_read_whole_does_not_have_it() -> None:
    without = build_result(observed(shop())).unseen["inspects"]
    assert UNREAD not in without
    assert build_result(observed(shop()), unread=UNREAD).unseen["inspects"] == f"{UNREAD}: {without}"


def test_an_engine_that_is_away_is_named_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run_main(capsys, "topology", "--docker.host", "unix:///nowhere/docker.sock", "--output", "json")
    assert (status, json.loads(out)["connected"]) == (3, False)
    assert err == (
        "dockernet-exporter: the Docker Engine does not answer: /nowhere/docker.sock: No such file or directory\n"
    )
