"""`top` in a terminal of 80x24 and one of 200x60, by tmux."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.observation import Observation
from tests.support.page_browser import PageSite
from tests.support.page_hosts import about, faulty, large, shop
from tests.support.waiting import until
from tests.support.web_running import serving

SECONDS = 60
SMALL, LARGE = (80, 24), (200, 60)
KEYS = "1-4/Tab view"

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux is installed")


class Terminal:
    """A terminal of a tmux server of its own."""

    def __init__(self, socket: Path, width: int, height: int, *argv: str) -> None:
        self._tmux = ("tmux", "-S", str(socket), "-f", "/dev/null")
        size = ("-x", str(width), "-y", str(height))
        shell = "; ".join((" ".join(argv), "echo ended with $?", "exec sleep 600"))
        environment = {**os.environ, "TERM": "screen-256color", "LC_ALL": "C.UTF-8"}
        subprocess.run([*self._tmux, "new-session", "-d", *size, shell], check=True, timeout=SECONDS, env=environment)

    def lines(self) -> list[str]:
        """What is on the screen."""
        argv = (*self._tmux, "capture-pane", "-p")
        return subprocess.run(argv, check=True, timeout=SECONDS, capture_output=True, text=True).stdout.splitlines()

    def press(self, *keys: str) -> None:
        """Press keys, by tmux' names."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True, timeout=SECONDS)

    def wait_for(self, *words: str) -> list[str]:
        """The screen once it has all these words: it is drawn from the top."""

        def shown() -> list[str] | None:
            lines = self.lines()
            return lines if all(word in "\n".join(lines) for word in words) else None

        return until(shown, SECONDS, " and ".join(words)) or []

    def close(self) -> None:
        """End the server with what runs in it."""
        subprocess.run([*self._tmux, "kill-server"], check=False, timeout=SECONDS, capture_output=True)


@contextmanager
def showing(folder: Path, observation: Observation, size: tuple[int, int], *more: str) -> Iterator[Terminal]:
    with serving(PageSite(observation=observation)) as site:
        argv = (sys.executable, "-m", "exporter", "top", "--interval", "0.5", "--url", f"http://127.0.0.1:{site.port}")
        terminal = Terminal(folder / "tmux", *size, *argv, *more)
        try:
            terminal.wait_for(KEYS)
            yield terminal
        finally:
            terminal.close()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x60"])
def test_the_screen_is_filled_and_nothing_of_it_is_cut(tmp_path: Path, size: tuple[int, int]) -> None:
    with showing(tmp_path, large(100), size) as terminal:
        lines = terminal.wait_for("c001", KEYS)
    width, height = size
    assert len(lines) == height
    assert lines[0].startswith("docker-host")
    assert lines[-1].startswith(KEYS)
    assert max(map(len, lines)) <= width
    assert [line.split()[0] for line in lines[3:-1]] == [f"c{number:03}" for number in range(height - 4)]
    assert ("veth" in lines[2]) == (size == LARGE)


def test_keys_change_the_view_sort_and_filter(tmp_path: Path) -> None:
    found = faulty(shop(), about("web is detached", {"container": "web", "network": "front"}))
    with showing(tmp_path, found, SMALL) as terminal:
        assert "1 critical" in terminal.lines()[0]
        terminal.press("n")
        assert [line.split()[:2] for line in terminal.wait_for("by name")[3:6]] == [
            *(["db", "back"], ["web", "back"], ["web", "front"]),
        ]
        terminal.press("/", "f", "r", "o", "n", "t", "Enter")
        lines = terminal.wait_for("1 rows")
        assert lines[3].split()[:2] == ["web", "front"]
        assert lines[-1] == "filter: front"
        terminal.press("Escape")
        terminal.wait_for("3 rows")
        terminal.press("4")
        assert terminal.wait_for("[findings]")[3].split(maxsplit=2)[::2] == ["critical", "web is detached"]
        terminal.press("3")
        assert "0 rows" in terminal.wait_for("[conflicts]")[1]
        terminal.press("q")
        terminal.wait_for("ended with 0")


def test_rates_are_those_of_two_readings(tmp_path: Path) -> None:
    site = PageSite(observation=shop(0))
    with serving(site):
        argv = (sys.executable, "-m", "exporter", "top", "--interval", "0.5", "--url", f"http://127.0.0.1:{site.port}")
        terminal = Terminal(tmp_path / "tmux", *SMALL, *argv)
        try:
            terminal.wait_for("0 B")
            site.observation = shop(10**9)
            terminal.wait_for("GB")
            site.observation = replace(shop(10**9))
            terminal.wait_for(" 0 B")
        finally:
            terminal.close()


def test_without_an_exporter_it_ends_with_the_reason(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "tmux", *SMALL, sys.executable, "-m", "exporter", "top", "--url=http://127.0.0.1:1")
    try:
        assert "connection failed" in "\n".join(terminal.wait_for("ended with 3"))
    finally:
        terminal.close()
