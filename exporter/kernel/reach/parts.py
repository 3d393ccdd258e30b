"""Read one part of a namespace: a failure is a value that names the part and the right that it needs."""

import struct
from collections.abc import Callable
from typing import TypeVar

from exporter.core.reach.view import Unread
from exporter.errors import SourceError
from exporter.kernel.netlink.messages import InterruptedDumpError

# A refusal, and every way in which an answer in an unknown form fails.
FAILURES = (OSError, SourceError, LookupError, ValueError, struct.error)

T = TypeVar("T")


def read_part(part: str, what: str, privilege: str, read: Callable[[], T]) -> T | Unread:
    """Return what was read; Unread where the kernel refuses, or where its answer is not understood.

    `what` is the subject of the sentence, in the plural: "the netfilter rules".
    """
    try:
        return read()
    except PermissionError:
        return Unread(part, f"{what} cannot be read", privilege)
    except InterruptedDumpError:
        return Unread(part, f"{what} cannot be read: they change during every dump")
    except FAILURES as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Unread(part, f"{what} cannot be read: {reason or type(error).__name__}")
