"""Regular files below the root of a process that may not be trusted, as it sees them.

The path must not leave that root, and only a regular file is opened. Opening a device has effects of its own (a
watchdog starts), a FIFO blocks, a file of /proc holds the reader's secrets. Sources: linux/openat2.h, openat2(2).
"""

import ctypes
import errno
import os
import stat
import struct

from exporter.kernel.libc import checked, libc

OPENAT2 = 437  # the same on every architecture (Linux 5.6)
OPEN_HOW = struct.Struct("=QQQ")  # flags, mode, resolve
RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT = 0x02, 0x10


def read_regular(root: int, path: str, limit: int) -> bytes:
    """Read a file below a directory, at most `limit` bytes of it. Raises OSError, with EINVAL for another kind."""
    place = _openat2(root, path, os.O_PATH | os.O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
    try:
        found = os.fstat(place)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        # Files of /proc and of tracefs have size 0: to read them may wait, or take what others wait for.
        return _read(place, min(found.st_size, limit))
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
