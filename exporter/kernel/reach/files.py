"""The files of a container that name hosts and name servers, as the container sees them.

It may write anything there.
"""

import errno
import os
from pathlib import Path

from exporter.kernel.root_files import read_regular

MAX_BYTES = 64 << 10
# There is no such file inside the root, it is not a regular one, or the path goes through what is not followed.
ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV, errno.EINVAL})
HOSTS, RESOLV_CONF = "etc/hosts", "etc/resolv.conf"


def read_files(procfs: Path, pid: int) -> tuple[str | None, str | None]:
    """Return /etc/hosts and /etc/resolv.conf in the root of a process; None for what is not a regular file.

    Raises PermissionError without CAP_SYS_PTRACE, OSError where the process is gone or the kernel has no openat2.
    """
    root = os.open(procfs / str(pid) / "root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return read_inside(root, HOSTS), read_inside(root, RESOLV_CONF)
    finally:
        os.close(root)


def read_inside(root: int, path: str) -> str | None:
    """Read a regular file below a directory that the path does not leave; at most MAX_BYTES of it. Raises OSError."""
    try:
        return read_regular(root, path, MAX_BYTES).decode("utf-8", "replace")
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
