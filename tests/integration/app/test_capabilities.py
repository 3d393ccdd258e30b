"""Capabilities of threads; in a process of its own, since a thread's cannot be given back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import LOOPBACK, NO_ENGINE, get, listening, started

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root is permitted anything")
NET_ADMIN = 1 << 12
ONLY_NET_ADMIN = ("setpriv", "--bounding-set", "-all,+net_admin", "--inh-caps", "-all")

BEGIN = """
import ctypes, threading
from exporter.app import capabilities
from exporter.kernel.proc import read_capabilities

words = capabilities._read()
for word in words:
    word.effective = 0
capabilities._write(words)
print(read_capabilities())
capabilities.take_up()
print(read_capabilities())
"""

GIVE_UP = """
capabilities.give_up(keep=capabilities.READ_FILES)
capabilities.take_up()
print(read_capabilities())
thread = threading.Thread(target=lambda: print(read_capabilities()))
thread.start()
thread.join()
"""


def run(program: str, *before: str) -> list[int]:
    """The effective capabilities that it prints."""
    done = subprocess.run([*before, sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.splitlines()]


def test_what_is_permitted_becomes_effective() -> None:
    assert run(BEGIN, *ONLY_NET_ADMIN) == [0, NET_ADMIN]


def test_what_is_not_permitted_stays_away() -> None:
    assert run(BEGIN, "setpriv", "--bounding-set", "-all", "--inh-caps", "-all") == [0, 0]


def test_what_is_given_up_cannot_be_taken_up_again_and_new_threads_lack_it() -> None:
    assert run(BEGIN + GIVE_UP, *ONLY_NET_ADMIN) == [0, NET_ADMIN, 0, 0]


def test_what_is_kept_stays() -> None:
    dac_override_and_net_admin = 1 << 1 | NET_ADMIN
    before = ("setpriv", "--bounding-set", "-all,+net_admin,+dac_override", "--inh-caps", "-all")
    assert run(BEGIN + GIVE_UP, *before) == [0, dac_override_and_net_admin, 1 << 1, 1 << 1]


def threads(pid: int) -> dict[str, dict[str, str]]:
    """The thread's name and id -> what /proc says of it."""
    found = {}
    for folder in Path(f"/proc/{pid}/task").iterdir():
        lines = (folder / "status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        found[f"{status['Name']} {folder.name}"] = status
    return found


def test_threads_of_the_web_hold_no_capability_and_those_that_read_the_kernel_do() -> None:
    with started("--docker.host", NO_ENGINE, *LOOPBACK) as process:
        address = listening(process)
        before = set(threads(process.pid))
        for path in ("/metrics", "/", "/api/v1/topology"):
            get(address, path)
        found = threads(process.pid)
    main = next(key for key in found if key.endswith(f" {process.pid}"))
    workers = found.keys() - before
    powerless = {key for key, status in found.items() if int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0}
    readers = {key for key, status in found.items() if int(status["CapEff"], 16) & NET_ADMIN}
    assert main in powerless
    assert len(workers & powerless) > 1, (workers, readers)  # beside them, readers of the kernel begin with a scrape
    assert len(readers) > 3
    assert {status["NoNewPrivs"] for status in found.values()} == {"1"}
