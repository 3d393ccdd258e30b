"""Permitted capabilities become effective; in a process of its own, since a thread's cannot be given back."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes
from exporter.app import capabilities
from exporter.kernel.proc import read_capabilities

libc = ctypes.CDLL(None)
header, words = capabilities.Header(capabilities.VERSION_3, 0), (capabilities.Word * 2)()
libc.capget(ctypes.byref(header), words)
for word in words:
    word.effective = 0
libc.capset(ctypes.byref(header), words)
print(read_capabilities())
capabilities.take_up()
print(read_capabilities())
"""


def run(*before: str) -> list[int]:
    """The effective capabilities before and after."""
    done = subprocess.run([*before, sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is permitted anything")
def test_what_is_permitted_becomes_effective() -> None:
    net_admin = 1 << 12
    assert run("setpriv", "--bounding-set", "-all,+net_admin", "--inh-caps", "-all") == [0, net_admin]


def test_what_is_not_permitted_stays_away() -> None:
    before = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all") if os.geteuid() == 0 else ()
    assert run(*before) == [0, 0]
