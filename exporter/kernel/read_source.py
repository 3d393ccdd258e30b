"""Read a source once and time it: a failure is a value, and costs its own families only."""

import struct
import time
from collections.abc import Callable
from typing import TypeVar

from exporter.core.model.kernel_sample import SourceState
from exporter.errors import SourceError

T = TypeVar("T")


def timed(name: str, read: Callable[[], T]) -> tuple[T | None, SourceState]:
    """Return what was read, None for a failure, and how it went."""
    started = time.perf_counter()
    try:
        value = read()
    except (OSError, SourceError) as error:
        failure = str(error)
    except (LookupError, ValueError, struct.error) as error:  # an answer in an unknown form
        failure = f"not understood: {error!r}"
    else:
        return value, SourceState(name, up=True, duration=time.perf_counter() - started)
    return None, SourceState(name, up=False, duration=time.perf_counter() - started, error=failure)
