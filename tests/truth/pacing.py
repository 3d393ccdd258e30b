"""Conditions that cost something, evaluated less often than `until` calls them."""

import time
from collections.abc import Callable


def every(seconds: float, condition: Callable[[], bool]) -> Callable[[], bool]:
    """Evaluate a condition once in so many seconds; False in between."""
    due = [0.0]

    def paced() -> bool:
        if time.monotonic() < due[0]:
            return False
        due[0] = time.monotonic() + seconds
        return condition()

    return paced
