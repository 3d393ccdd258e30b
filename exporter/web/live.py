"""Looks at the host for whoever has the page open: one look for all of them, and none while nobody does."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from aiohttp import web

from exporter.web.workshop import Workshop

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
        self._last: Look | None = None
        self._changed = asyncio.Condition()
        self._clients = 0
        self._ticker: asyncio.Task[None] | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Send a look every two seconds, until the client goes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        self._clients += 1
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick())
        try:
            while True:
                look = await self._next()
                data = f'{{"version":{look.version},"at":{look.at:.0f},"counters":{look.counters}}}'
                await response.write(f"event: look\ndata: {data}\n\n".encode())
        finally:
            self._clients -= 1

    async def _next(self) -> Look:
        async with self._changed:
            await self._changed.wait()
            if self._last is None:
                raise ConnectionResetError
            return self._last

    async def _tick(self) -> None:
        while self._clients:
            with contextlib.suppress(TimeoutError):
                await self._look()
            await asyncio.sleep(INTERVAL_SECONDS)

    async def _look(self) -> None:
        try:
            self._last = await self._workshop.run(self._take_a_look)
        except TimeoutError:
            raise
        except Exception:
            log.exception("look failed")
            return
        async with self._changed:
            self._changed.notify_all()
