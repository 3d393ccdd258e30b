"""An outage from its begin to its end, as the page, `check`, `explain`, `history` and the alert show it."""

import html
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Sequence

from deploy.demo.breaks import BREAKS
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

SECONDS = 120
FINDING = re.compile(r'<p class="finding [a-z]+">(.*?)</p>')


def findings(page: str) -> list[str]:
    """The sentences of the findings on the page, each once."""
    with urllib.request.urlopen(page, timeout=30) as answer:
        found = FINDING.findall(answer.read().decode())
    return list(dict.fromkeys(html.unescape(re.sub("<[^>]+>", "", one)) for one in found))


def _has_ended(notifications: Sequence[str]) -> bool:
    return bool(notifications) and notifications[-1].startswith("resolved")


class Outage:
    """One break of the demo's host, whose exporter is at `address` here and has the command `program`."""

    def __init__(self, host: PrivateHost, name: str, address: str, program: str) -> None:
        self._host, self._break = host, BREAKS[name]
        self._address, self._program = address, program

    def play(self, stopped: threading.Event, seconds: float | None, notifications: Sequence[str]) -> None:
        """Break it, show it, leave it for `seconds` (None: until `stopped`), and heal it."""
        began = time.monotonic()
        with self._break.apply(self._host):
            print(f"\nBroken: {self._break.what}.")
            until(lambda: stopped.is_set() or self._is_found(), SECONDS, "a finding")
            print(f"Found after {time.monotonic() - began:.0f} s. {self._address}/ has:")
            print("".join(f"  {line}\n" for line in findings(self._address)))
            for argv in (("check",), ("explain", *self._break.explain), ("history", "--since", "2m")):
                self._show(*argv)
            until(lambda: stopped.is_set() or notifications, SECONDS, "a notification")
            shown = self._print(notifications)
            print("It heals at Ctrl-C." if seconds is None else f"It heals in {seconds:g} s.")
            stopped.wait(seconds)
        until(lambda: not findings(self._address), SECONDS, "the end of the findings")
        print("\nHealed.\n")
        self._show("check")
        self._show("history", "--since", "10m", "--kind", self._break.kind)
        until(lambda: stopped.is_set() or _has_ended(notifications), SECONDS, "a notification of the end")
        self._print(notifications[shown:])

    def _print(self, notifications: Sequence[str]) -> int:
        for notification in notifications:
            print(f"Notification of Alertmanager: {notification}")
        return len(notifications)

    def _is_found(self) -> bool:
        return f'"{self._break.kind}"' in self._run("check", "--output", "json").stdout

    def _show(self, *argv: str) -> None:
        print(f"$ dockernet-exporter {' '.join(argv)}")
        print(self._run(*argv).stdout)

    def _run(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the exporter against the running one; its exit status is part of the answer."""
        return self._host.run(self._program, *argv, "--url", "http://127.0.0.1:9714", check=False)
