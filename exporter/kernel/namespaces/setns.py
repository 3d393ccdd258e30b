"""Opening and entering network namespaces: a thread enters another one for a read, and returns or ends.

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
from exporter.log import get_logger

CLONE_NEWNET = 0x40000000
NSFS_MAGIC = 0x6E736673  # linux/magic.h
OWN = "/proc/thread-self/ns/net"
NOWHERE = -1  # in place of a descriptor
STATFS_BYTES = 256  # struct statfs has 120 on 64-bit machines; f_type, a long, is its first field

log = get_logger(component="kernel")

T = TypeVar("T")


@contextmanager
def opened_netns(path: str, *, follow: bool = False) -> Iterator[int]:
    """Open the file of a network namespace; never blocks, whatever file it is.

    `follow` is for /proc/PID/ns/net, which is a link. Raises OSError with the path as its filename: EINVAL for a file
    that is not a namespace (a sandbox's file outlives its namespace by a minute), ELOOP for a link.
    """
    descriptor = _open(path, follow=follow)
    try:
        if _filesystem(descriptor) != NSFS_MAGIC:
            raise OSError(errno.EINVAL, "not a network namespace", path)
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: str, *, follow: bool) -> int:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    return os.open(path, flags if follow else flags | os.O_NOFOLLOW)


def _filesystem(descriptor: int) -> int:
    buffer = ctypes.create_string_buffer(STATFS_BYTES)
    checked(libc.fstatfs(descriptor, buffer), "fstatfs")
    return ctypes.c_long.from_buffer(buffer).value


def run_in_netns(path: str, read: Callable[[], T], *, follow: bool = False) -> T:
    """Call `read` in the network namespace of a file; what it opens, it closes.

    Raises what it raises, and OSError with the path as its filename: as `opened_netns`, of which setns(2) itself finds
    EINVAL, and PermissionError without CAP_SYS_ADMIN, or for the file of a process that this one may not trace.
    """
    there = _open(path, follow=follow)
    home = NOWHERE
    try:

        def visit() -> T:  # setns(2) refuses a file that is not a namespace; os.setns exists from Python 3.12 on
            checked(libc.setns(there, CLONE_NEWNET), "setns", path)
            return read()

        home = _open_home()
        return _in_thread(visit) if home == NOWHERE else _and_back(home, visit)
    finally:
        os.close(there)
        if home != NOWHERE:
            os.close(home)


def _open_home() -> int:
    """Open the calling thread's namespace; NOWHERE where it has to stay there, or could not return.

    /proc/self is that of the main thread, which stays. A process in a user namespace that does not own its network
    namespace may leave that, and not return.
    """
    if threading.current_thread() is threading.main_thread():
        return NOWHERE
    try:
        home = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return NOWHERE
    if libc.setns(home, CLONE_NEWNET):
        os.close(home)
        return NOWHERE
    return home


def _and_back(home: int, visit: Callable[[], T]) -> T:
    """Visit another namespace and return to the own one: a seventh of what a thread for it takes."""
    try:
        return visit()
    finally:
        if libc.setns(home, CLONE_NEWNET):  # it was possible a moment ago; all that this thread reads would be wrong
            log.critical("the own network namespace cannot be entered again")
            os._exit(os.EX_OSERR)


def _in_thread(visit: Callable[[], T]) -> T:
    """Call it in a thread that ends afterwards, in whatever namespace. Raises what it raises."""
    answer: list[T] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            answer.append(visit())
        except Exception as error:  # noqa: BLE001  raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="setns", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return answer[0]
