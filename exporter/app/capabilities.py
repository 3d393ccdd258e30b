"""Raise permitted capabilities into the effective set.

Those that come with a file, as in the image, are permitted and not effective: a program marked effective does not even
start where one of them is withheld. Source: capabilities(7), linux/capability.h.
"""

import ctypes

from exporter.kernel.libc import libc

VERSION_3 = 0x20080522


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
    header, words = Header(VERSION_3, 0), (Word * 2)()
    if not hasattr(libc, "capset") or libc.capget(ctypes.byref(header), words):
        return
    if all(word.effective == word.permitted for word in words):
        return  # a system call filter need not allow what is not needed
    for word in words:
        word.effective = word.permitted
    libc.capset(ctypes.byref(header), words)
