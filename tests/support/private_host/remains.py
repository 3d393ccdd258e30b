"""The folder of a private host, its lock, and the removal of what a dead host left.

A host is a folder dockernet-XXXXXXXX with a cgroup of the same name. Its holder keeps an flock on the folder's lock
file as long as it lives.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.private_host import cgroups

PREFIX = "dockernet-"
LOCK = "lock"


def new_folder() -> tuple[Path, int]:
    """A host's folder and the open file that holds its lock."""
    base = Path(tempfile.mkdtemp(prefix=PREFIX))
    unnamed = base / "new"
    fd = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    # renamed when locked: a lock file without an owner means that the host is dead
    unnamed.rename(base / LOCK)
    return base, fd


def remove(base: Path) -> None:
    """Remove everything of a host; called where its mounts are not visible or gone."""
    cgroups.destroy(base.name)
    shutil.rmtree(base, ignore_errors=True)


def sweep() -> None:
    """Remove the hosts whose holder was killed by SIGKILL, the one death that leaves something behind."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(FileNotFoundError):
            fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(lock.parent)
            except BlockingIOError:
                continue
            finally:
                os.close(fd)
