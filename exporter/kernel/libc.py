"""The C library by ctypes: system calls that Python has no function for, or only in a later version."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, call: str, file: str | None = None) -> int:
    """Return the result of a call into libc; raise OSError with its errno when it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}", file)
    return result
