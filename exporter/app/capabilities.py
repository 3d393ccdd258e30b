"""The capabilities of this process's threads: take up what is permitted, give up what a thread does not need.

Those that come with a file, as in the image, are permitted and not effective: a program marked effective does not even
start where one of them is withheld. Each thread has its own, and a new one begins with those of the thread that starts
it. Source: capabilities(7), linux/capability.h, prctl(2).
"""

import ctypes

from exporter.kernel.libc import libc

VERSION_3 = 0x20080522
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
READ_FILES = 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH
WORD_BITS = 32


class Header(ctypes.Structure):
    """struct __user_cap_header_struct; pid 0 is the calling thread."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class Word(ctypes.Structure):
    """struct __user_cap_data_struct: 32 capabilities."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def take_up() -> None:
    """Make effective what is permitted, in this thread and those that it starts.

    Where that fails, each source reports the capability that it misses. Nothing is done without the two calls of libc.
    """
    words = _read()
    if words is None or all(word.effective == word.permitted for word in words):
        return  # a system call filter need not allow what is not needed
    for word in words:
        word.effective = word.permitted
    _write(words)


def forbid_more() -> None:
    """No program that this process might execute gets a capability: of its file, of set-user-ID, or an ambient one.

    In this thread and those that it starts, for good. To be called after `take_up`.
    """
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)


def give_up(keep: int = 0) -> None:
    """Drop all capabilities of this thread, and of those that it starts from now on, except for those of the bit mask.

    They cannot be taken up again. Threads that run already have theirs. Where a filter of system calls forbids it, they
    stay.
    """
    words = _read()
    if words is None:
        return
    for number, word in enumerate(words):
        kept = keep >> number * WORD_BITS
        word.effective &= kept
        word.permitted &= kept
        word.inheritable = 0
    _write(words)


def _read() -> "ctypes.Array[Word] | None":
    words = (Word * 2)()
    if not hasattr(libc, "capset") or libc.capget(ctypes.byref(Header(VERSION_3, 0)), words):
        return None
    return words


def _write(words: "ctypes.Array[Word]") -> None:
    libc.capset(ctypes.byref(Header(VERSION_3, 0)), words)
