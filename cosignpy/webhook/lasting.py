"""Tasks that go on until they are cancelled: one that ends by itself has met a mistake of ours, which has to show."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any


class LastingTasks:
    """Started in one event loop."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, name: str, doing: Coroutine[Any, Any, None]) -> None:
        """Run a task."""
        task = asyncio.get_running_loop().create_task(doing, name=name)
        task.add_done_callback(self._look)
        self._tasks.append(task)

    @property
    def failed(self) -> Sequence["asyncio.Task[None]"]:
        """Those that ended by themselves."""
        return [task for task in self._tasks if task.done() and not task.cancelled()]

    async def watch_over(self) -> None:
        """Wait until one has failed, and raise what it failed with; for ever, where none does."""
        await asyncio.shield(self._failure)

    async def close(self) -> None:
        """Cancel all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _look(self, task: "asyncio.Task[None]") -> None:
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not self._failure.done():
            self._failure.set_exception(failure)
