"""Entering the namespaces of a private host, by a command or by a thread."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
# Words before a command that makes a root: its mounts and processes end with it, and it ends with this process.
FOR_A_ROOT = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private"),
)


def inside(pid: int) -> list[str]:
    """Words before a command that run it in the namespaces of `pid`, in the caller's working directory.

    Each of these programs replaces itself by the next one, so the process that is started becomes the command.
    """
    return ["nsenter", "-t", str(pid), "-n", "-m", "-u", "env", "-C", str(Path.cwd())]


@contextmanager
def netns(pid: int) -> Iterator[None]:
    """Put the calling thread alone into the network namespace of `pid`; sockets opened there stay there."""
    outer = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        inner = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(inner)
        finally:
            os.close(inner)
        try:
            yield
        finally:
            _setns(outer)
    finally:
        os.close(outer)


def _setns(fd: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
