"""Opening and entering network namespaces: reads in another one run in a thread that enters it and ends.

A thread that stays there, or a socket that stays open, would keep the namespace alive.
"""

import ctypes
import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from exporter.kernel.libc import checked, libc

CLONE_NEWNET = 0x40000000
NSFS_MAGIC = 0x6E736673  # linux/magic.h
STATFS_BYTES = 256  # struct statfs has 120 on 64-bit machines; f_type, a long, is its first field

T = TypeVar("T")


@contextmanager
def opened_netns(path: str, *, follow: bool = False) -> Iterator[int]:
    """Open the file of a network namespace; never blocks, whatever file it is.

    `follow` is for /proc/PID/ns/net, which is a link. Raises OSError with the path as its filename: EINVAL for a file
    that is not a namespace (a sandbox's file outlives its namespace by a minute), ELOOP for a link.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    try:
        if _filesystem(descriptor) != NSFS_MAGIC:
            raise OSError(errno.EINVAL, "not a network namespace", path)
        yield descriptor
    finally:
        os.close(descriptor)


def _filesystem(descriptor: int) -> int:
    buffer = ctypes.create_string_buffer(STATFS_BYTES)
    checked(libc.fstatfs(descriptor, buffer), "fstatfs")
    return ctypes.c_long.from_buffer(buffer).value


def run_in_netns(path: str, read: Callable[[], T], *, follow: bool = False) -> T:
    """Call `read` in the network namespace of a file; what it opens, it closes.

    Raises what it raises, what `opened_netns` raises, and PermissionError with the path as its filename without
    CAP_SYS_ADMIN, or for the file of a process that this one may not trace.
    """
    answer: list[T] = []
    failure: list[Exception] = []

    def run(descriptor: int) -> None:
        try:
            checked(libc.setns(descriptor, CLONE_NEWNET), "setns", path)  # os.setns exists from Python 3.12 on
            answer.append(read())
        except Exception as error:  # noqa: BLE001  raised again in the caller's thread
            failure.append(error)

    with opened_netns(path, follow=follow) as descriptor:
        thread = threading.Thread(target=run, args=(descriptor,), name="setns", daemon=True)
        thread.start()
        thread.join()
    if failure:
        raise failure[0]
    return answer[0]
