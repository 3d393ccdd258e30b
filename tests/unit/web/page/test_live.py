import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from exporter.web import sse
from exporter.web.sse import Audience, Look
from exporter.web.worker_pool import Workshop

DEADLINE = 60


class Counted:
    """Looks, with how many there were."""

    def __init__(self) -> None:
        self.looks = 0

    def look(self) -> Look:
        """The next one."""
        self.looks += 1
        return Look('{"front/web":[1,2]}', self.looks, 1000.0)


Use = Callable[[str, ClientSession, Audience], Any]


def audience_of(look: Callable[[], Look], use: Use, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `use` returns, with the address of a stream."""
    monkeypatch.setattr(sse, "INTERVAL_SECONDS", 0.02)

    async def run() -> Any:
        workshop, application = Workshop(), web.Application()
        audience = Audience(look, workshop)
        application.router.add_get("/", audience.answer)
        async with TestServer(application, handler_cancellation=True) as server, ClientSession() as session:
            answer = await asyncio.wait_for(use(str(server.make_url("/")), session, audience), DEADLINE)
        workshop.close()
        return answer

    return asyncio.run(run())


async def the_end_of_looking(audience: Audience) -> None:
    """It ends by itself only if looking does; the deadline is around all of a test."""
    assert audience._ticker is not None
    await audience._ticker


async def next_look(stream: Any) -> Any:
    """The data of the next event."""
    assert await stream.content.readline() == b"event: look\n"
    data = await stream.content.readline()
    assert await stream.content.readline() == b"\n"
    return json.loads(data.removeprefix(b"data: "))


def test_many_clients_share_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()

    async def use(url: str, session: ClientSession, _: Audience) -> list[list[int]]:
        streams = [await session.get(url) for _ in range(10)]
        versions = [[(await next_look(stream))["version"] for _ in range(5)] for stream in streams]
        for stream in streams:
            stream.close()
        return versions

    seen = audience_of(counted.look, use, monkeypatch)
    assert [versions == list(range(versions[0], versions[0] + 5)) for versions in seen] == [True] * 10


def test_nobody_looks_while_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()

    async def use(url: str, session: ClientSession, audience: Audience) -> None:
        assert counted.looks == 0
        async with session.get(url) as stream:
            assert await next_look(stream) == {"version": 1, "at": 1000, "counters": {"front/web": [1, 2]}}
            stream.close()
        await the_end_of_looking(audience)

    audience_of(counted.look, use, monkeypatch)


def test_a_look_that_fails_ends_the_streams_and_the_next_client_has_another(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([OSError("planted"), Look("{}", 7, 0.0)])

    def look() -> Look:
        found = next(looks)
        if isinstance(found, OSError):
            raise found
        return found

    async def use(url: str, session: ClientSession, audience: Audience) -> int:
        async with session.get(url) as stream:
            assert await stream.content.read() == b""
        await the_end_of_looking(audience)
        async with session.get(url) as stream:
            return int((await next_look(stream))["version"])

    assert audience_of(look, use, monkeypatch) == 7
