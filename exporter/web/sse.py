"""Looks at the host for whoever has the page open: one look for all of them, and none while nobody does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from aiohttp import web

from exporter.web.worker_pool import Workshop

INTERVAL_SECONDS = 2.0

log = structlog.get_logger(component="live")


@dataclass(frozen=True, slots=True)
class Look:
    """What a look saw: `counters` are JSON, `version` is another when the page would be; `at` in Unix milliseconds."""

    counters: str
    version: int
    at: float


class Audience:
    """Those who have the page open."""

    def __init__(self, look: Callable[[], Look], workshop: Workshop) -> None:
        """`look` blocks."""
        self._take_a_look = look
        self._workshop = workshop
        self._clients = 0
        self._next: asyncio.Future[Look | None] | None = None  # None while nobody looks
        self._ticker: asyncio.Task[None] | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Send a look every two seconds, until the client goes, or a look fails."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        self._clients += 1
        try:
            while (look := await self._upcoming()) is not None:
                data = f'{{"version":{look.version},"at":{look.at:.0f},"counters":{look.counters}}}'
                await response.write(f"event: look\ndata: {data}\n\n".encode())
        finally:
            self._clients -= 1
        return response

    async def _upcoming(self) -> Look | None:
        """Wait for the next look; None when it failed. Whoever leaves must not take it from the others."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._ticker = asyncio.create_task(self._tick())
        return await asyncio.shield(self._next)

    async def _tick(self) -> None:
        while self._clients and self._next is not None:
            upcoming, self._next = self._next, asyncio.get_running_loop().create_future()
            upcoming.set_result(await self._look())
            await asyncio.sleep(INTERVAL_SECONDS)
        self._next = None

    async def _look(self) -> Look | None:
        try:
            return await self._workshop.run(self._take_a_look)
        except Exception:
            log.exception("look failed")
            return None
