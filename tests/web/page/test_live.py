import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from exporter.web import live
from exporter.web.live import Audience, Look
from exporter.web.workshop import Workshop

DEADLINE = 5


class Counted:
    """Looks, with how many there were."""

    def __init__(self) -> None:
        self.looks = 0

    def look(self) -> Look:
        """The next one."""
        self.looks += 1
        return Look('{"front/web":[1,2]}', self.looks, 1000.0)


def audience_of(counted: Counted, use: Callable[[str, ClientSession], Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `use` returns, with the address of a stream."""
    monkeypatch.setattr(live, "INTERVAL_SECONDS", 0.02)

    async def run() -> Any:
        workshop, application = Workshop(), web.Application()
        application.router.add_get("/", Audience(counted.look, workshop).answer)
        async with TestServer(application, handler_cancellation=True) as server, ClientSession() as session:
            answer = await asyncio.wait_for(use(str(server.make_url("/")), session), DEADLINE)
        workshop.close()
        return answer

    return asyncio.run(run())


async def next_look(stream: Any) -> Any:
    """The data of the next event."""
    assert await stream.content.readline() == b"event: look\n"
    data = await stream.content.readline()
    assert await stream.content.readline() == b"\n"
    return json.loads(data.removeprefix(b"data: "))


def test_many_clients_share_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()

    async def use(url: str, session: ClientSession) -> list[list[int]]:
        streams = [await session.get(url) for _ in range(10)]
        versions = [[(await next_look(stream))["version"] for _ in range(5)] for stream in streams]
        for stream in streams:
            stream.close()
        return versions

    seen = audience_of(counted, use, monkeypatch)
    assert [versions == list(range(versions[0], versions[0] + 5)) for versions in seen] == [True] * 10


def test_nobody_looks_while_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()

    async def use(url: str, session: ClientSession) -> None:
        assert counted.looks == 0
        async with session.get(url) as stream:
            assert await next_look(stream) == {"version": 1, "at": 1000, "counters": {"front/web": [1, 2]}}
            stream.close()
        before = -1
        while before != counted.looks:  # ends by itself only if looking does; the deadline is around it
            before = counted.looks
            await asyncio.sleep(10 * live.INTERVAL_SECONDS)

    audience_of(counted, use, monkeypatch)
