"""`top` on a pseudo-terminal, in this process; tests/integration/cli has it in tmux."""

import os
import sys
import threading

import pytest

from tests.support.command_line import run_main
from tests.support.page_browser import PageSite
from tests.support.page_hosts import about, faulty, shop
from tests.support.web_running import serving


def answered(master: int, dialogue: list[tuple[bytes, bytes]], shown: bytearray) -> None:
    """Type each text once its words are shown; after the last one read to the end."""
    for words, typed in [*dialogue, (b"never shown", b"")]:
        seen = bytearray()
        while words not in seen:
            try:
                data = os.read(master, 65536)
            except OSError:  # the other end is closed
                return
            seen += data
            shown += data
        os.write(master, typed)


def test_it_follows_keys_and_ends_with_q(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    master, slave = os.openpty()
    shown = bytearray()
    dialogue = [(b"1-4/Tab", b"4"), (b"web is detached", b"1"), (b"by total", b"q")]
    typist = threading.Thread(target=answered, args=(master, dialogue, shown))
    found = faulty(shop(), about("web is detached", {"container": "web"}))
    with (
        serving(PageSite(observation=found)) as site,
        os.fdopen(os.dup(slave), "w") as out,
        os.fdopen(os.dup(slave)) as keyboard,
    ):
        monkeypatch.setattr(sys, "stdin", keyboard)
        monkeypatch.setattr(sys, "stdout", out)
        typist.start()
        status, _, _ = run_main(capsys, "top", "--interval", "0.5", "--url", f"http://127.0.0.1:{site.port}")
    os.close(slave)
    typist.join(60)
    os.close(master)
    assert status == 0
    assert b"1 critical" in shown


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_on_which_nothing_would_be_drawn_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], term: str
) -> None:
    master, slave = os.openpty()
    monkeypatch.setenv("TERM", term)
    with os.fdopen(os.dup(slave), "w") as out, os.fdopen(slave) as keyboard:
        monkeypatch.setattr(sys, "stdin", keyboard)
        monkeypatch.setattr(sys, "stdout", out)
        status, _, line = run_main(capsys, "top", "--url", "http://127.0.0.1:1")
    os.close(master)
    expected = f"top: TERM is {term}: expected a terminal that moves the cursor"
    assert (status, line) == (2, f"dockernet-exporter: {expected}\n")
