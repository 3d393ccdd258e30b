import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from exporter.web.http.request import Request
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


Use = Callable[[Broadcaster], Any]


def audience_of(look: Callable[[], Tick], use: Use) -> Any:
    """What `use` returns."""

    async def run() -> Any:
        workers = WorkerPool("page")
        answer = await asyncio.wait_for(use(Broadcaster(look, workers, interval=0.02)), DEADLINE)
        workers.close()
        return answer

    return asyncio.run(run())


async def stream_of(audience: Broadcaster) -> AsyncGenerator[bytes, None]:
    """The events of another client."""
    return (await audience.answer(Request("GET", "/api/v1/live", {}, {}))).pieces


async def the_end_of_looking(audience: Broadcaster) -> None:
    """It ends by itself only if looking does; the deadline is around all of a test."""
    assert audience._ticker is not None
    await audience._ticker


async def next_look(stream: AsyncGenerator[bytes, None]) -> Any:
    """The data of the next event."""
    return json.loads((await anext(stream)).removeprefix(b"event: tick\ndata: ").removesuffix(b"\n\n"))


def test_many_clients_share_each_look() -> None:
    counted = Counted()

    async def use(audience: Broadcaster) -> list[list[int]]:
        streams = [await stream_of(audience) for _ in range(10)]
        rounds = [await asyncio.gather(*map(next_look, streams)) for _ in range(5)]
        for stream in streams:
            await stream.aclose()
        return [[tick["version"] for tick in ticks] for ticks in zip(*rounds, strict=True)]

    seen = audience_of(counted.look, use)
    assert [versions == list(range(versions[0], versions[0] + 5)) for versions in seen] == [True] * 10


def test_nobody_looks_while_nobody_is_there() -> None:
    counted = Counted()

    async def use(audience: Broadcaster) -> None:
        stream = await stream_of(audience)
        assert counted.looks == 0
        assert await next_look(stream) == {"version": 1, "at": 1000, "counters": {"front/web": [1, 2]}}
        await stream.aclose()
        await the_end_of_looking(audience)

    audience_of(counted.look, use)


def test_a_look_that_fails_ends_the_streams_and_the_next_client_has_another() -> None:
    looks: Iterator[OSError | Tick] = iter([OSError("planted"), Tick("{}", 7, 0.0)])

    def look() -> Tick:
        found = next(looks)
        if isinstance(found, OSError):
            raise found
        return found

    async def use(audience: Broadcaster) -> int:
        assert [piece async for piece in await stream_of(audience)] == []
        await the_end_of_looking(audience)
        stream = await stream_of(audience)
        version = int((await next_look(stream))["version"])
        await stream.aclose()
        return version

    assert audience_of(look, use) == 7
