"""Threads for work that blocks, with a limit on how long a client waits for it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from exporter.web.pace import Pace

WORK_SECONDS = 9.0  # just under Prometheus' default time-out: an answer that says why beats a closed connection
THREADS = 4

T = TypeVar("T")


class WorkerPool:
    """A few threads. Work that takes too long is left to end by itself."""

    def __init__(self, name: str, seconds: float = WORK_SECONDS, pace: Pace | None = None) -> None:
        """`name` is the threads' name, `seconds` the longest wait; with a pace, work waits for its turn."""
        self._seconds = seconds
        self._pace = pace
        self._threads = ThreadPoolExecutor(THREADS, name)

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises; TimeoutError when it takes too long."""
        async with asyncio.timeout(self._seconds):
            if self._pace:
                await self._pace.wait()
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._charged, work)

    def close(self) -> None:
        """Accept no more work; what waits for a thread is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _charged(self, work: Callable[[], T]) -> T:
        began = time.thread_time()
        try:
            return work()
        finally:
            if self._pace:
                self._pace.charge(time.thread_time() - began)
