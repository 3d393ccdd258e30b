"""The pace of pages: at once after a pause, then one each interval."""

import asyncio

from exporter.web.pace import REST, Pace


def test_the_first_has_its_turn_at_once_and_each_other_an_interval_later() -> None:
    async def turns() -> list[float]:
        loop = asyncio.get_running_loop()
        pace = Pace(0.05)
        began = loop.time()

        async def turn() -> float:
            await pace.wait()
            return loop.time() - began

        return await asyncio.gather(*(turn() for _ in range(4)))

    found = asyncio.run(turns())
    assert all(at >= 0.05 * number - 0.001 for number, at in enumerate(found))
    assert found == sorted(found)


def test_clients_take_turns_however_many_requests_one_of_them_has() -> None:
    async def turns() -> list[str]:
        pace, found = Pace(0.01), list[str]()

        async def turn(client: str) -> None:
            await pace.wait(client)
            found.append(client)

        await asyncio.gather(*(turn(client) for client in ("a", "a", "a", "a", "b")))
        return found  # the first one did not wait

    assert asyncio.run(turns()) == ["a", "a", "b", "a", "a"]


def test_what_a_page_takes_of_the_processor_delays_the_next_ones() -> None:
    async def waited() -> float:
        pace = Pace(0.0)
        await pace.wait()
        began = asyncio.get_running_loop().time()
        pace.charge(0.02)
        await pace.wait()
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(waited()) >= 0.02 * REST
