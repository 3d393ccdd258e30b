"""The files of a container that name hosts and name servers, as the container sees them.

They are a container's to write: the path must not leave its root, and only a regular file is opened. Opening a device
has effects of its own (a watchdog starts), a FIFO blocks, a file of /proc holds the reader's secrets.
Sources: linux/openat2.h, openat2(2), proc(5).
"""

import ctypes
import errno
import os
import stat
import struct
from pathlib import Path

from exporter.kernel.libc import checked, libc

OPENAT2 = 437  # the same on every architecture (Linux 5.6)
OPEN_HOW = struct.Struct("=QQQ")  # flags, mode, resolve
RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT = 0x02, 0x10
MAX_BYTES = 64 << 10
# There is no such file inside the root, or the path goes through what is not followed.
ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV})
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
        place = _openat2(root, path, os.O_PATH | os.O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    try:
        found = os.fstat(place)
        if not stat.S_ISREG(found.st_mode):
            return None
        # Files of /proc and of tracefs have size 0: to read them may wait, or take what others wait for.
        return _read(place, min(found.st_size, MAX_BYTES)).decode("utf-8", "replace")
    finally:
        os.close(place)


def _openat2(folder: int, path: str, flags: int, resolve: int) -> int:
    how = OPEN_HOW.pack(flags, 0, resolve)
    number, size = ctypes.c_long(OPENAT2), ctypes.c_size_t(len(how))
    return checked(libc.syscall(number, ctypes.c_int(folder), path.encode(), how, size), "openat2")


def _read(place: int, size: int) -> bytes:
    """Open the same file once more, now to read it."""
    descriptor = os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)
