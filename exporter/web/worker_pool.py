"""Threads for work that blocks, with a limit on how long a client waits for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

WORK_SECONDS = 9.0  # just under Prometheus' default time-out: an answer that says why beats a closed connection
THREADS = 4

T = TypeVar("T")


class Workshop:
    """A few threads. Work that takes too long is left to end by itself."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "scrape")

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises; TimeoutError when it takes too long."""
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        return await asyncio.wait_for(running, WORK_SECONDS)

    def close(self) -> None:
        """Take no more work; what waits for a thread is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
