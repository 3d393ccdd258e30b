"""Counters for open pages as server-sent events: one observation for all of them, none while no page is open."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from msgspec import Struct

from exporter.log import get_logger
from exporter.web.http.request import Request
from exporter.web.http.response import Stream
from exporter.web.worker_pool import WorkerPool

INTERVAL_SECONDS = 2.0

log = get_logger(component="live")


class Tick(Struct, frozen=True):
    """One event: `counters` are JSON, `version` changes when the page would.

    `at` is in milliseconds, Unix time when the exporter started, and does not follow a clock that is set.
    """

    counters: str
    version: int
    at: float


class Broadcaster:
    """Sends ticks to all clients."""

    def __init__(self, tick: Callable[[], Tick], workers: WorkerPool, interval: float = INTERVAL_SECONDS) -> None:
        """`tick` blocks; `interval` is in seconds."""
        self._make_tick = tick
        self._workers = workers
        self._interval = interval
        self._clients = 0
        self._next: asyncio.Future[Tick | None] | None = None  # None while there is no client
        self._ticker: asyncio.Task[None] | None = None

    async def answer(self, _: Request) -> Stream:
        """Return a stream with a tick at each interval, until the client goes or a tick fails."""
        return Stream(self._ticks(), "text/event-stream")

    async def _ticks(self) -> AsyncGenerator[bytes, None]:
        self._clients += 1
        try:
            while (tick := await self._upcoming()) is not None:
                data = f'{{"version":{tick.version},"at":{tick.at:.0f},"counters":{tick.counters}}}'
                yield f"event: tick\ndata: {data}\n\n".encode()
        finally:
            self._clients -= 1

    async def _upcoming(self) -> Tick | None:
        """Wait for the next tick; None when it failed. A client that leaves must not cancel it for the others."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._ticker = asyncio.create_task(self._run())
        return await asyncio.shield(self._next)

    async def _run(self) -> None:
        while self._clients and self._next is not None:
            upcoming, self._next = self._next, asyncio.get_running_loop().create_future()
            upcoming.set_result(await self._tick())
            await asyncio.sleep(self._interval)
        self._next = None

    async def _tick(self) -> Tick | None:
        try:
            return await self._workers.run(self._make_tick)
        except Exception:
            log.exception("snapshot failed")
            return None
