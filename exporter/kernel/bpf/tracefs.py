"""The ids of tracepoints, which are files of tracefs.

Hosts have it mounted at /sys/kernel/tracing, but containers do not. It is then mounted nowhere (fsmount(2) gives a
descriptor of a mount without a path), for as long as two files of it are read.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.errors import SourceError
from exporter.kernel.libc import checked, libc

MOUNTED = ("kernel/tracing/events", "kernel/debug/tracing/events")

# Newer system calls have one number on all machines (include/uapi/asm-generic/unistd.h).
FSOPEN, FSCONFIG, FSMOUNT = 430, 431, 432
# linux/mount.h: enum fsconfig_command, flags of fsopen and fsmount, attributes of a mount
FSCONFIG_CMD_CREATE, FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC = 6, 1, 1
READ_ONLY = 0x1 | 0x2 | 0x4 | 0x8  # MOUNT_ATTR_RDONLY, NOSUID, NODEV, NOEXEC

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def read_tracepoints(sysfs: Path, names: tuple[str, ...]) -> list[int]:
    """Return the number of each tracepoint, as `syscalls/sys_exit_bind`.

    SourceError `no_tracefs` where it is neither mounted nor may be, `unsupported` where it does not have one.
    """
    with _events(sysfs) as events:
        return [_read_number(events, name) for name in names]


def _read_number(events: int, name: str) -> int:
    try:
        descriptor = os.open(f"{name}/id", os.O_RDONLY | os.O_CLOEXEC, dir_fd=events)
    except FileNotFoundError as error:
        raise SourceError("unsupported", f"this kernel has no tracepoint {name}") from error
    with open(descriptor) as file:  # noqa: PTH123 -- a descriptor, not a path
        return int(file.read())


@contextmanager
def _events(sysfs: Path) -> Iterator[int]:
    try:
        folder = _open(sysfs)
    except OSError as error:
        raise SourceError("no_tracefs", f"tracefs is not mounted below {sysfs} and may not be: {error}") from error
    try:
        yield folder
    finally:
        os.close(folder)


def _open(sysfs: Path) -> int:
    for place in MOUNTED:
        try:
            return os.open(sysfs / place, FOLDER)
        except OSError:
            continue
    mount = _mount()
    try:
        return os.open("events", FOLDER, dir_fd=mount)
    finally:
        os.close(mount)


def _mount() -> int:
    """Mount tracefs at no path; return its root. Needs CAP_SYS_ADMIN."""
    context = checked(libc.syscall(FSOPEN, b"tracefs", FSOPEN_CLOEXEC), "fsopen")
    try:
        checked(libc.syscall(FSCONFIG, context, FSCONFIG_CMD_CREATE, None, None, 0), "fsconfig")
        return checked(libc.syscall(FSMOUNT, context, FSMOUNT_CLOEXEC, READ_ONLY), "fsmount")
    finally:
        os.close(context)
