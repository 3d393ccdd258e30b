"""Threads for work that blocks, with a limit on how long a client waits for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

WORK_SECONDS = 9.0  # just under Prometheus' default time-out: an answer that says why beats a closed connection
THREADS = 4

T = TypeVar("T")


class WorkerPool:
    """A few threads. Work that takes too long is left to end by itself."""

    def __init__(self, name: str, seconds: float = WORK_SECONDS) -> None:
        """`name` is the threads' name, `seconds` the longest wait."""
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, name)

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises; TimeoutError when it takes too long."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        return await asyncio.wait_for(running, self._seconds)

    def close(self) -> None:
        """Accept no more work; what waits for a thread is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)
