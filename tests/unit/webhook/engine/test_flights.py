"""Questions under way, and who may ask."""

import asyncio
import itertools
import time

import pytest

from cosignpy.errors import UsageError
from cosignpy.webhook.engine.flights import Flight, Flights
from cosignpy.webhook.engine.turns import Overloaded, Turns


def test_the_same_question_is_asked_once_and_has_the_longest_deadline() -> None:
    put_off, flown = list[tuple[int, float]](), list[int]()

    async def run() -> list[str | None]:
        flights: Flights[str] = Flights(itertools.count(7), lambda *told: put_off.append(told))
        answered = asyncio.Event()

        async def fly(flight: Flight[str]) -> str:
            flown.append(flight.number)
            await answered.wait()
            return f"until {flight.latest() - started:.0f}"

        started = time.monotonic()
        deadlines = [started + seconds for seconds in (0.05, 20, 10)]
        waiting = [asyncio.create_task(flights.join("key", each, fly)) for each in deadlines]
        await asyncio.sleep(0.1)
        assert ("key" in flights, len(flights)) == (True, 1)
        answered.set()
        found = await asyncio.gather(*waiting)
        await asyncio.sleep(0)
        assert ("key" in flights, len(flights)) == (False, 0)
        return list(found)

    assert asyncio.run(run()) == [None, "until 20", "until 20"]
    assert flown == [7]
    assert [number for number, _ in put_off] == [7]


def test_an_error_is_told_to_all_who_wait() -> None:
    async def run() -> None:
        flights: Flights[str] = Flights(itertools.count(), lambda *_: None)

        async def fail(_flight: Flight[str]) -> str:
            await asyncio.sleep(0)
            raise UsageError("no")

        until = time.monotonic() + 10
        found = await asyncio.gather(*(flights.join("key", until, fail) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(each, UsageError) for each in found)
        await flights.stop()

    asyncio.run(run())


def test_what_is_under_way_ends_when_everything_does() -> None:
    async def run() -> None:
        flights: Flights[str] = Flights(itertools.count(), lambda *_: None)

        async def never(_flight: Flight[str]) -> str:
            await asyncio.Event().wait()
            return ""

        assert await flights.join("key", time.monotonic() - 1, never) is None
        await flights.stop()
        await asyncio.sleep(0)
        assert len(flights) == 0

    asyncio.run(run())


def test_no_namespace_has_all_turns() -> None:
    async def run() -> None:
        turns = Turns(4, 4)
        for _ in range(2):
            turns.enter("loud")
        with pytest.raises(Overloaded, match="namespace loud"):
            turns.enter("loud")
        for _ in range(2):
            turns.enter("quiet")
        with pytest.raises(Overloaded, match="too many images are"):
            turns.enter("third")
        async with turns.turn("loud"), turns.turn("loud"):
            pass
        turns.enter("loud")

    asyncio.run(run())


def test_half_of_the_turns_are_left_for_others() -> None:
    async def run() -> list[str]:
        turns, order = Turns(100, 2), list[str]()
        first_done = asyncio.Event()

        async def take(namespace: str, name: str) -> None:
            turns.enter(namespace)
            async with turns.turn(namespace):
                order.append(name)
                if name == "loud 1":
                    await first_done.wait()

        loud = [asyncio.create_task(take("loud", f"loud {number}")) for number in (1, 2)]
        await asyncio.sleep(0)
        await take("quiet", "quiet")
        first_done.set()
        await asyncio.gather(*loud)
        return order

    assert asyncio.run(run()) == ["loud 1", "quiet", "loud 2"]
