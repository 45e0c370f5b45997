"""Questions under way, and who may ask."""

import asyncio
import contextlib
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
        for each in ("quiet", "third"):
            turns.enter(each)
        with pytest.raises(Overloaded, match="too many images are"):
            turns.enter("fourth")
        async with turns.turn("loud"), turns.turn("loud"):
            pass
        turns.enter("loud")

    asyncio.run(run())


def test_several_namespaces_of_one_tenant_leave_something_for_others() -> None:
    async def run() -> tuple[list[int], list[int]]:
        turns, entered, running = Turns(16, 8), dict[str, int](), dict[str, int]()
        done, tasks = asyncio.Event(), list[asyncio.Task[None]]()

        async def take(namespace: str) -> None:
            async with turns.turn(namespace):
                running[namespace] = running.get(namespace, 0) + 1
                await done.wait()

        for namespace in ("loud-1", "loud-2", "loud-3", "quiet"):
            with contextlib.suppress(Overloaded):
                while True:
                    turns.enter(namespace)
                    entered[namespace] = entered.get(namespace, 0) + 1
                    tasks.append(asyncio.create_task(take(namespace)))
            await asyncio.sleep(0)
        found = list(running.values())
        done.set()
        await asyncio.gather(*tasks)
        assert running == entered
        return list(entered.values()), found

    assert asyncio.run(run()) == ([8, 4, 2, 1], [4, 2, 1, 1])


def test_who_gives_up_waiting_for_a_turn_leaves_it_to_others() -> None:
    async def run() -> list[str]:
        turns, order = Turns(100, 2), list[str]()
        events = {name: asyncio.Event() for name in ("first", "let in", "last")}

        async def take(name: str) -> None:
            turns.enter("loud")
            async with turns.turn("loud"):
                order.append(name)
                await events[name].wait()

        first, gone, let_in, last = [asyncio.create_task(take(name)) for name in ("first", "gone", "let in", "last")]
        await asyncio.sleep(0)
        events["first"].set()
        gone.cancel()  # while it waits
        await asyncio.sleep(0)
        let_in.cancel()  # when it was let in, and does not know it yet
        events["last"].set()
        await asyncio.wait([first, gone, let_in, last], timeout=1.0)
        assert last.done()
        for _ in range(50):
            turns.enter("loud")
        return order

    assert asyncio.run(run()) == ["first", "last"]


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
