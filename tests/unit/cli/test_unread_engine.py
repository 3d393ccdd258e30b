"""An engine that answers lists and no inspect: each command says that it was not read whole."""

import json

import pytest

from exporter.cli.output.check_result import build_result
from exporter.cli.snapshot import Snapshot, snapshot
from exporter.cli.sources import print_engine
from exporter.config import Config
from tests.support.command_line import run_main
from tests.support.hanging_engine import hanging_engine
from tests.support.page_hosts import shop

UNREAD = "the Docker Engine was not read whole within 1 seconds"
NAMED = f"{UNREAD}: inspects were not read: web"


@pytest.fixture(scope="module")
def taken() -> Snapshot:
    """A snapshot of it, after a second."""
    with hanging_engine() as (url, _):
        return snapshot(Config(docker_host=url), once=True, engine_seconds=1.0)


def test_it_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str], taken: Snapshot) -> None:
    print_engine(taken)
    assert capsys.readouterr() == ("", f"dockernet-exporter: {NAMED}\n")


def test_it_is_among_what_was_not_inspected(taken: Snapshot) -> None:
    assert build_result(taken.observation, unread=taken.unread).unseen["inspects"] == NAMED


def test_nothing_is_said_of_an_engine_that_was_read_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_engine(Snapshot(shop()))
    assert capsys.readouterr() == ("", "")


def test_an_engine_that_is_away_is_named_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run_main(capsys, "topology", "--docker.host", "unix:///nowhere/docker.sock", "--output", "json")
    assert (status, json.loads(out)["connected"]) == (3, False)
    assert err == (
        "dockernet-exporter: the Docker Engine does not answer: /nowhere/docker.sock: No such file or directory\n"
    )
