"""Space answers, and the work for pages: however many clients request them, scrapes have most of the processor.

The clients take turns: one with a thousand requests delays those of another by one.
"""

import asyncio
import threading
import time
from weakref import WeakValueDictionary

PAGE_SECONDS = 0.04  # between two of them: 25 each second
ANSWER_SECONDS = 0.005  # between two answers of any other kind than a scrape's: 200 each second
REST = 4  # seconds of rest for each second of the processor that one took: at most a fifth of one
REFUSAL_SECONDS = 0.5  # a client that is rejected at once would be back at once


class Pace:
    """Gives each caller a turn, in the order of their clients; used on one event loop, but for `charge`."""

    def __init__(self, interval: float = PAGE_SECONDS) -> None:
        self._interval = interval
        self._next = 0.0
        self._turn = asyncio.Lock()
        self._turns: WeakValueDictionary[str | None, asyncio.Lock] = WeakValueDictionary()  # one waits of each client
        self._lock = threading.Lock()

    async def wait(self, client: str | None = None) -> None:
        """Wait for the next turn; at once when there was none for a while."""
        own = self._turns.get(client) or asyncio.Lock()
        self._turns[client] = own
        async with own, self._turn:
            while (left := self._next - time.monotonic()) > 0:  # noqa: ASYNC110  `charge` may have moved it meanwhile
                await asyncio.sleep(left)
            self._delay(self._interval)

    def charge(self, seconds: float) -> None:
        """Let the turns after this one wait for what it took of the processor. Thread-safe."""
        self._delay(REST * seconds)

    def _delay(self, seconds: float) -> None:
        with self._lock:
            self._next = max(self._next, time.monotonic()) + seconds
