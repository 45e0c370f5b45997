"""Who may ask workers: not more at once than they answer, and no namespace so much that nothing is left for others."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cosignpy.errors import CosignError
from cosignpy.values import field, record

SHARE: Final = 2
"""Of what others leave, a namespace has half: of what workers answer at once, and of what may wait as well. So whoever
has several leaves something for the next one, and something for the one after it."""


@record
class Overloaded(CosignError):
    """More is asked than workers answer in a reasonable time."""

    why: str

    def __str__(self) -> str:
        return f"{self.why}; try again in a moment"


@record
class _Namespace:
    """How many of its questions there are, how many of these are asked, and which wait for that, in their order."""

    interested: int = 0
    running: int = 0
    waiting: "deque[asyncio.Future[None]]" = field(default_factory=deque)


@record
class Turns:
    """At most `most` questions, of which about `at_once` are answered at the same time: each namespace has one."""

    most: int
    at_once: int
    _total: int = 0
    _running: int = 0
    _namespaces: dict[str, _Namespace] = field(default_factory=dict)

    def enter(self, namespace: str) -> None:
        """Count a question that `turn` will be awaited for.

        Raises:
            Overloaded: There are too many.
        """
        mine = self._namespaces.get(namespace) or _Namespace()
        if self._total >= self.most:
            raise Overloaded("too many images are being verified")
        if mine.interested >= _share(self.most, self._total - mine.interested):
            raise Overloaded(f"too many images of the namespace {namespace} are being verified")
        self._namespaces[namespace] = mine
        mine.interested += 1
        self._total += 1

    @asynccontextmanager
    async def turn(self, namespace: str) -> AsyncIterator[None]:
        """Wait until a question that was counted may be asked; it is not counted any more once it is answered."""
        mine = self._namespaces[namespace]
        try:
            await self._start(mine)
            try:
                yield
            finally:
                self._end(mine)
        finally:
            mine.interested -= 1
            self._total -= 1
            if not mine.interested:
                del self._namespaces[namespace]

    async def _start(self, mine: _Namespace) -> None:
        if not mine.waiting and self._has_turn(mine):
            self._count(mine, 1)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mine.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._end(mine)  # it was let in at that moment
            raise

    def _end(self, mine: _Namespace) -> None:
        """Let in who waits, those first of whom the fewest are asked."""
        self._count(mine, -1)
        for each in sorted(self._namespaces.values(), key=lambda each: each.running):
            while each.waiting and self._has_turn(each):
                turn = each.waiting.popleft()
                if not turn.cancelled():
                    self._count(each, 1)
                    turn.set_result(None)

    def _has_turn(self, mine: _Namespace) -> bool:
        return mine.running < _share(self.at_once, self._running - mine.running)

    def _count(self, mine: _Namespace, number: int) -> None:
        mine.running += number
        self._running += number


def _share(most: int, others: int) -> int:
    """Return how many of so many a namespace may have, where others have theirs."""
    return max(1, (most - others) // SHARE)
