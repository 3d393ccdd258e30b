"""Flags of the exporter before and behind a command."""

import json

import pytest

from exporter.cli.flags import ALL_FLAGS
from exporter.cli.main import cli
from exporter.config import COLLECTORS
from tests.support.command_line import run_main

NO_ENGINE = "unix:///nowhere/docker.sock"
REFUSED = "tcp://127.0.0.1:1"
COMMANDS = [("check",), ("ports",), ("explain", "8080"), ("topology",)]


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    """What `check` could not inspect, by reason."""
    unseen: dict[str, str] = json.loads(run_main(capsys, *words, "--output", "json")[1])["unseen"]
    return unseen


@pytest.mark.parametrize(
    "words",
    [
        ("--docker.host", REFUSED, "check"),
        ("check", "--docker.host", REFUSED),
        ("--docker.host", REFUSED, "check", "--docker.host", REFUSED),
    ],
)
def test_a_flag_counts_before_and_behind_the_command(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert "Connection refused" in checked(capsys, *words)["engine"]


def test_a_flag_behind_the_command_counts_more_than_its_environment_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKERNET_DOCKER_HOST", NO_ENGINE)
    assert "No such file" in checked(capsys, "check")["engine"]
    assert "Connection refused" in checked(capsys, "check", "--docker.host", REFUSED)["engine"]


@pytest.mark.parametrize("command", COMMANDS)
def test_two_different_values_are_one_line_that_has_both(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    code, out, err = run_main(capsys, "--docker.host", NO_ENGINE, *command, "--docker.host", REFUSED)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert all(text in err for text in ("--docker.host", NO_ENGINE, REFUSED))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--no-collector.veth", "check"), "--no-collector.veth has no effect on check"),
        (("check", "--no-collector.veth"), "--no-collector.veth has no effect on check"),
        (("--no-collector.nat", "ports"), "--no-collector.nat has no effect on ports"),
        (("topology", "--no-collector.nat"), "--no-collector.nat has no effect on topology"),
        (("--web.max-requests", "3", "explain", "8080"), "--web.max-requests has no effect on explain"),
        (("healthcheck", "--path.procfs", "/proc"), "--path.procfs has no effect on healthcheck"),
        (("check", "--url", "http://h", "--path.procfs", "/proc"), "--path.procfs has no effect on check --url"),
        (("--collector.nat", "check", "--no-collector.nat"), "--collector.nat and --no-collector.nat exclude"),
        (("check", "--url", ""), "--url: empty; leave it out to inspect this host"),
        (("check", "--path.procfs", "/nowhere"), "--path.procfs: '/nowhere' is not a directory"),
        (("check", "--path.procfs", "/dev"), "--path.procfs: '/dev' is not a mount point of procfs"),
        (("--web.allowed-host", "a b", "healthcheck"), "'a b' is not a host name (NAME without a port, or *)"),
        (("--web.allowed-host", "name:9714", "healthcheck"), "'name:9714' is not a host name"),
    ],
)
def test_a_flag_without_effect_is_refused_and_named(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], named: str
) -> None:
    code, out, err = run_main(capsys, *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert named in err


@pytest.mark.parametrize("before", [True, False])
def test_a_collector_that_is_off_is_not_evaluated_by_check(capsys: pytest.CaptureFixture[str], *, before: bool) -> None:
    def evaluated(*flags: str) -> int:
        words = (*flags, "check") if before else ("check", *flags)
        return int(json.loads(run_main(capsys, *words, "--output", "json")[1])["kinds_evaluated"])

    host = ("--docker.host", NO_ENGINE)
    assert evaluated(*host, "--no-collector.port") < evaluated(*host)
    assert evaluated(*host, "--collector.disable-defaults", "--collector.port") <= evaluated(*host)


def test_settings_of_the_exporter_in_the_environment_do_not_stop_a_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKERNET_COLLECTOR_PORT", "false")
    monkeypatch.setenv("DOCKERNET_WEB_MAX_REQUESTS", "3")
    assert run_main(capsys, "ports", "--docker.host", NO_ENGINE)[0] == 0


def test_every_flag_is_below_a_heading_of_the_help_and_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run_main(capsys, "--help")
    headings = [line.rstrip(":") for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Options", "Web", "Docker", "Collectors", "History", "Paths", "Logging", "Commands"]
    assert [flag.opts for flag in ALL_FLAGS if not flag.help] == []
    assert {flag.key for flag in cli.flags} == {flag.key for flag in ALL_FLAGS}


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_the_options_of_the_help_of_a_command_are_options(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Arguments have no help of their own: the text describes them."""
    _, out, _ = run_main(capsys, command, "--help")
    rows = [
        line.strip() for line in out.partition("Options:")[2].partition("\n\n")[0].splitlines() if line[2:3].strip()
    ]
    assert rows
    assert [row for row in rows if not row.startswith("-")] == []


def test_every_collector_says_what_it_shows_and_costs() -> None:
    helps = {flag.opts[0]: flag.help or "" for flag in ALL_FLAGS}
    assert [name for name in COLLECTORS if "Cost: " not in helps[f"--collector.{name}"]] == []
