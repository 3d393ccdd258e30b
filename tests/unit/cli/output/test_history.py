"""What `history` prints, and the query that it sends."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from exporter.cli import history as command
from exporter.cli.api_client import Remote
from exporter.cli.output import history
from exporter.cli.output.table import console, local_time
from exporter.core.history.change import Change
from exporter.web.page import api
from tests.support.command_line import run_main

CHANGES = [
    Change("container_died", "web", "running", "exit code 137 (SIGKILL)", 1.0, "web", "id", detail="removed"),
    Change("rules_removed", "netfilter", "3 rules", "0 rules", 2.0, by="nft"),
    Change(
        "finding_ended", "web", "critical", "", 3.0, "web", "", "front", "", "text", "missing_dnat", {"a": "b"}, 9.0
    ),
]


def test_changes_are_the_same_after_http() -> None:
    assert history.parse_document(json.loads(api.changes(CHANGES, 5.0))) == (CHANGES, 5.0)


@pytest.mark.parametrize("at", ["1e20", "Infinity", "NaN", "-1", '"soon"'])
def test_a_time_that_no_calendar_has_is_not_understood(at: str) -> None:
    document = api.changes(CHANGES, 5.0)
    for text in (re.sub(r'"time": [\d.]+', f'"time": {at}', document), document.replace(": 5.0", f": {at}")):
        with pytest.raises(ValueError, match=r"invalid time|could not convert"):
            history.parse_document(json.loads(text))


def test_a_table_has_what_was_before_and_after_and_who_changed_it(capsys: pytest.CaptureFixture[str]) -> None:
    history.print_history(CHANGES, console(), 5.0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(CHANGES)
    assert "running" in lines[1]
    assert "exit code 137 (SIGKILL)" in lines[1]
    assert lines[2].rstrip().endswith("by nft")
    assert "missing_dnat: text, after 9 s" in lines[3]


def requested(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str, str]:
    """The exporter and the path that the command queries, and what it prints."""
    found: list[tuple[str, str]] = []

    def answer(remote: Remote, path: str, _parse: object) -> tuple[list[Change], float]:
        found.append((remote.base, path))
        return CHANGES, 5.0

    monkeypatch.setattr(command, "get", answer)
    code, out, _ = run_main(capsys, "history", *words)
    assert code == 0
    return (*found[0], out)


def test_without_a_url_it_is_the_exporter_of_this_host(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base, path, out = requested(monkeypatch, capsys, "--output", "json")
    assert (base, urlsplit(path).path, urlsplit(path).query) == (
        "http://127.0.0.1:9714",
        "/api/v1/history",
        "limit=10000",
    )
    assert [row["kind"] for row in json.loads(out)] == [change.kind for change in CHANGES]


def test_the_query_has_what_was_selected(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--since",
        "15m",
        "--container",
        "a+b",
        "--network",
        "n",
        "--kind",
        "container_died",
        "--url",
        "http://h:1",
    ]
    base, path, _ = requested(monkeypatch, capsys, *words)
    assert base == "http://h:1"
    query = parse_qs(urlsplit(path).query)
    selected = {"container": ["a+b"], "network": ["n"], "kind": ["container_died"]}
    assert query == {"last": ["900"], **selected, "limit": ["10000"]}


@pytest.mark.parametrize("since", ["1", "h", "1w", "-1h", "9999999999s"])
def test_a_duration_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str], since: str) -> None:
    code, out, err = run_main(capsys, "history", f"--since={since}")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert since in err


def test_an_exporter_that_does_not_answer_is_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_main(capsys, "history", "--url", "http://127.0.0.1:1")
    assert (code, out, len(err.splitlines())) == (3, "", 1)


def test_without_changes_the_beginning_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    history.print_history([], console(), 86_400.0)
    assert capsys.readouterr().out == f"No changes since {local_time(86_400.0)}.\n"
