"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

PAUSE_SECONDS = 0.01
T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float, what: str) -> T:
    """Call `condition` until its answer is true; that answer, or TimeoutError naming `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s still not: {what}")
        time.sleep(PAUSE_SECONDS)
    return answer
