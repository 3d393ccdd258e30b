import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from exporter.web.sse import Broadcaster, Tick
from exporter.web.worker_pool import WorkerPool

DEADLINE = 60


class Counted:
    """Ticks, with how many there were."""

    def __init__(self) -> None:
        self.looks = 0

    def look(self) -> Tick:
        """The next one."""
        self.looks += 1
        return Tick('{"front/web":[1,2]}', self.looks, 1000.0)


Use = Callable[[str, ClientSession, Broadcaster], Any]


def audience_of(look: Callable[[], Tick], use: Use) -> Any:
    """What `use` returns, with the address of a stream."""

    async def run() -> Any:
        workers, application = WorkerPool("page"), web.Application()
        audience = Broadcaster(look, workers, interval=0.02)
        application.router.add_get("/", audience.answer)
        async with TestServer(application, handler_cancellation=True) as server, ClientSession() as session:
            answer = await asyncio.wait_for(use(str(server.make_url("/")), session, audience), DEADLINE)
        workers.close()
        return answer

    return asyncio.run(run())


async def the_end_of_looking(audience: Broadcaster) -> None:
    """It ends by itself only if looking does; the deadline is around all of a test."""
    assert audience._ticker is not None
    await audience._ticker


async def next_look(stream: Any) -> Any:
    """The data of the next event."""
    assert await stream.content.readline() == b"event: tick\n"
    data = await stream.content.readline()
    assert await stream.content.readline() == b"\n"
    return json.loads(data.removeprefix(b"data: "))


def test_many_clients_share_each_look() -> None:
    counted = Counted()

    async def use(url: str, session: ClientSession, _: Broadcaster) -> list[list[int]]:
        streams = [await session.get(url) for _ in range(10)]
        versions = [[(await next_look(stream))["version"] for _ in range(5)] for stream in streams]
        for stream in streams:
            stream.close()
        return versions

    seen = audience_of(counted.look, use)
    assert [versions == list(range(versions[0], versions[0] + 5)) for versions in seen] == [True] * 10


def test_nobody_looks_while_nobody_is_there() -> None:
    counted = Counted()

    async def use(url: str, session: ClientSession, audience: Broadcaster) -> None:
        assert counted.looks == 0
        async with session.get(url) as stream:
            assert await next_look(stream) == {"version": 1, "at": 1000, "counters": {"front/web": [1, 2]}}
            stream.close()
        await the_end_of_looking(audience)

    audience_of(counted.look, use)


def test_a_look_that_fails_ends_the_streams_and_the_next_client_has_another() -> None:
    looks: Iterator[OSError | Tick] = iter([OSError("planted"), Tick("{}", 7, 0.0)])

    def look() -> Tick:
        found = next(looks)
        if isinstance(found, OSError):
            raise found
        return found

    async def use(url: str, session: ClientSession, audience: Broadcaster) -> int:
        async with session.get(url) as stream:
            assert await stream.content.read() == b""
        await the_end_of_looking(audience)
        async with session.get(url) as stream:
            return int((await next_look(stream))["version"])

    assert audience_of(look, use) == 7
