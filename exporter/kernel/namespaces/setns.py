"""Reading inside another network namespace: by a thread that goes there and ends.

A thread that stays there, or a socket that stays open, would keep the namespace alive.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from typing import TypeVar

CLONE_NEWNET = 0x40000000

T = TypeVar("T")

_libc = ctypes.CDLL(None, use_errno=True)  # os.setns is there from Python 3.12 on


def inside(netns_file: str, read: Callable[[], T]) -> T:
    """Call `read` in the network namespace of a file; what it opens, it closes.

    Raises what it raises, and OSError for a file or a namespace that cannot be had: PermissionError without
    CAP_SYS_ADMIN, or for the file of a process that this one may not trace.
    """
    descriptor = os.open(netns_file, os.O_RDONLY | os.O_CLOEXEC)
    answer: list[T] = []
    failure: list[Exception] = []

    def look() -> None:
        try:
            if _libc.setns(descriptor, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), netns_file)  # noqa: TRY301
            answer.append(read())
        except Exception as error:  # noqa: BLE001  it is the caller's
            failure.append(error)

    try:
        thread = threading.Thread(target=look, name="inside", daemon=True)
        thread.start()
        thread.join()
    finally:
        os.close(descriptor)
    if failure:
        raise failure[0]
    return answer[0]
