"""Space the answers of pages and documents: however many clients request them, scrapes have most of the processor."""

import asyncio

PAGE_SECONDS = 0.04  # between two answers: 25 each second
REFUSAL_SECONDS = 0.5  # a client that is rejected at once would be back at once


class Pace:
    """Gives each caller a turn, at most one each `interval` seconds; used on one event loop."""

    def __init__(self, interval: float = PAGE_SECONDS) -> None:
        self._interval = interval
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for the next turn; at once when there was none for a while."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._interval
        if turn > now:
            await asyncio.sleep(turn - now)
