"""Network namespaces that live as long as a file descriptor; nothing of them is left in the file system."""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CLONE_NEWNET = 0x40000000
OWN = "/proc/thread-self/ns/net"
IPV6_DEFAULTS = [Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6") for scope in ("all", "default")]

_libc = ctypes.CDLL(None, use_errno=True)


def new_namespaces(count: int) -> list[int]:
    """Make network namespaces; each lives until its descriptor is closed and its last process is gone."""
    found: list[int] = []
    failed: list[OSError] = []

    def make() -> None:
        try:
            for _ in range(count):
                _check(_libc.unshare(CLONE_NEWNET), "unshare")
                _silence()
                found.append(os.open(OWN, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            failed.append(error)

    # A thread of its own, so that the caller stays where it is.
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found


def _silence() -> None:
    """No IPv6: each device of a bridge would announce itself to all the others."""
    for default in IPV6_DEFAULTS:
        with suppress(FileNotFoundError):
            default.write_text("1")


@contextmanager
def entered(namespace: int) -> Iterator[None]:
    """Put the calling thread into a namespace; what it opens and starts there stays there."""
    outer = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(namespace, CLONE_NEWNET), "setns")
        try:
            yield
        finally:
            _check(_libc.setns(outer, CLONE_NEWNET), "setns")
    finally:
        os.close(outer)


def _check(result: int, call: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")
