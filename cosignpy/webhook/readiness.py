"""Whether the webhook can decide, and if not, why: what balancers ask before they send anybody here."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from cosignpy.values import field, record
from cosignpy.webhook.app import Draining
from cosignpy.webhook.ports import ObjectCache

LOOK_SECONDS: Final = 0.05
"""Between two looks until everything was there once."""
CALM_SECONDS: Final = 1.0
"""After that."""


@record
class Readiness:
    """What has to be there. `reason` says what is not, as it was when somebody looked last; any thread may read it.

    `conditions` say whether something is there, by what it is called.
    """

    draining: Draining
    caches: Mapping[str, ObjectCache]
    conditions: Mapping[str, Callable[[], bool]]
    tell: Callable[[bool], None]
    reason: str = "it starts"

    def look(self) -> None:
        """Look what is there."""
        missing = [name for name, cache in self.caches.items() if not cache.is_synced]
        missing += [name for name, holds in self.conditions.items() if not holds()]
        self.reason = f"waiting for {', '.join(missing)}" if missing else ""
        self.tell(not missing)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS if self.reason else CALM_SECONDS)

    async def check(self) -> str:
        """Say why nobody should be sent here; nothing where everybody may."""
        return "it ends" if self.draining.begun else self.reason


@record
class Background:
    """Tasks that run as long as the webhook does; one that ends before has failed, and the webhook ends with it."""

    stop: Callable[[], None] = lambda: None
    failure: BaseException | None = None
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def start(self, name: str, task: Coroutine[Any, Any, None]) -> None:
        """Run a task."""
        started = asyncio.get_running_loop().create_task(task, name=name)
        started.add_done_callback(self._look)
        self._tasks.append(started)

    def _look(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled():
            self.failure = self.failure or task.exception() or RuntimeError(f"{task.get_name()} ended")
            self.stop()

    async def close(self) -> None:
        """Cancel all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
