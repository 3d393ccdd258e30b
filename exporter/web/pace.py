"""Space answers, and the work for pages: however many clients request them, scrapes have most of the processor."""

import asyncio
import threading
import time

PAGE_SECONDS = 0.04  # between two of them: 25 each second
ANSWER_SECONDS = 0.005  # between two answers of any other kind than a scrape's: 200 each second
REST = 4  # seconds of rest for each second of the processor that one took: at most a fifth of one
REFUSAL_SECONDS = 0.5  # a client that is rejected at once would be back at once


class Pace:
    """Gives each caller a turn, in their order; used on one event loop, but for `charge`."""

    def __init__(self, interval: float = PAGE_SECONDS) -> None:
        self._interval = interval
        self._next = 0.0
        self._turn = asyncio.Lock()
        self._lock = threading.Lock()

    async def wait(self) -> None:
        """Wait for the next turn; at once when there was none for a while."""
        async with self._turn:
            while (left := self._next - time.monotonic()) > 0:  # noqa: ASYNC110  `charge` may have moved it meanwhile
                await asyncio.sleep(left)
            self._delay(self._interval)

    def charge(self, seconds: float) -> None:
        """Let the turns after this one wait for what it took of the processor. Thread-safe."""
        self._delay(REST * seconds)

    def _delay(self, seconds: float) -> None:
        with self._lock:
            self._next = max(self._next, time.monotonic()) + seconds
