"""Questions that are under way: whoever asks the same joins, and waits as long as they like."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator
from typing import Generic, TypeVar

from cosignpy.values import record

V = TypeVar("V")


@record
class Flight(Generic[V]):
    """A question under way, with the longest deadline of all who ask."""

    number: int
    deadline: float
    task: "asyncio.Task[V] | None" = None

    def latest(self) -> float:
        """Return the deadline as it is now."""
        return self.deadline


class Flights(Generic[V]):
    """All that is under way; `put_off` is told of a question that has more time."""

    def __init__(self, numbers: Iterator[int], put_off: Callable[[int, float], None]) -> None:
        self._numbers = numbers
        self._put_off = put_off
        self._flights: dict[Hashable, Flight[V]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._flights

    async def join(
        self, key: Hashable, deadline: float, fly: "Callable[[Flight[V]], Coroutine[None, None, V]]"
    ) -> V | None:
        """Return what comes of a question that is under way, or else of `fly`; None where that takes too long.

        Raises:
            CosignError: As the question.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = Flight(next(self._numbers), deadline)
            flight.task = asyncio.get_running_loop().create_task(fly(flight))
            flight.task.add_done_callback(lambda task: self._land(key, task))
        elif deadline > flight.deadline:
            flight.deadline = deadline
            self._put_off(flight.number, deadline)
        assert flight.task is not None  # noqa: S101 # set above, before anybody else is told of it
        done, _ = await asyncio.wait((flight.task,), timeout=max(0.0, deadline - time.monotonic()))
        return flight.task.result() if done else None

    def _land(self, key: Hashable, task: "asyncio.Task[V]") -> None:
        del self._flights[key]
        if not task.cancelled():
            task.exception()  # perhaps nobody waits for it any more

    async def stop(self) -> None:
        """End all of them."""
        tasks = [flight.task for flight in self._flights.values() if flight.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
