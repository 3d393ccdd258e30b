"""The line on a terminal's standard error while a command takes long."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from exporter.cli.progress import CLEAR, progress


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal: the side that reads what is shown, and the side of a program."""
    master, slave = os.openpty()
    yield master, slave
    for descriptor in (master, slave):
        with suppress(OSError):
            os.close(descriptor)


def shown(master: int, until: str = "") -> str:
    """What the terminal shows until a text, without one until the program has closed its side."""
    text = ""
    with suppress(OSError):  # EIO: closed
        while not until or until not in text:
            text += os.read(master, 4096).decode()
    return text


def test_the_line_has_the_stage_and_is_gone_afterwards(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    master, slave = terminal
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(slave, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress(delay=0) as report:
            report("reading the kernel")
            assert shown(master, "reading the kernel (").startswith(CLEAR)
    assert shown(master).endswith(CLEAR)


def test_a_command_that_ends_in_time_shows_nothing(terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = terminal
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(slave, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress(delay=threading.TIMEOUT_MAX) as report:
            report("reading the kernel")
    assert shown(master) == ""


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_no_line_without_a_terminal_or_on_one_without_control_codes(
    term: str, terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TERM", term)
    stderr = os.fdopen(terminal[1], "w") if term == "dumb" else (tmp_path / "stderr").open("w")
    with stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress(delay=0):
            assert "progress" not in [thread.name for thread in threading.enumerate()]


def test_check_shows_what_it_waits_for(terminal: tuple[int, int], tmp_path: Path) -> None:
    master, slave = terminal
    with closing(socket.socket(socket.AF_UNIX)) as silent:  # an engine that never answers
        silent.bind(str(tmp_path / "docker.sock"))
        silent.listen()
        argv = (sys.executable, "-m", "exporter", "check", f"--docker.host=unix://{tmp_path}/docker.sock")
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=slave, env={**os.environ, "TERM": "xterm"}) as check:
            os.close(slave)
            try:
                assert shown(master, "waiting for the Docker Engine (")
            finally:
                check.send_signal(signal.SIGINT)
            assert shown(master).removesuffix("\r\n").endswith(CLEAR)  # the line feed is of the interrupt
