"""Who may ask workers: not more at once than they answer, and no namespace so much that nothing is left for others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cosignpy.errors import CosignError
from cosignpy.values import field, record

SHARE: Final = 2
"""Of what workers answer at once, a namespace has half; of what may wait as well."""


@record
class Overloaded(CosignError):
    """More is asked than workers answer in a reasonable time."""

    why: str

    def __str__(self) -> str:
        return f"{self.why}; try again in a moment"


@record
class _Namespace:
    free: asyncio.Semaphore
    interested: int = 0


@record
class Turns:
    """At most `most` questions, of which `at_once` are answered at the same time."""

    most: int
    at_once: int
    _total: int = 0
    _namespaces: dict[str, _Namespace] = field(default_factory=dict)

    def enter(self, namespace: str) -> None:
        """Count a question that `turn` will be awaited for.

        Raises:
            Overloaded: There are too many.
        """
        mine = self._namespaces.get(namespace)
        if self._total >= self.most:
            raise Overloaded("too many images are being verified")
        if mine is not None and mine.interested >= max(1, self.most // SHARE):
            raise Overloaded(f"too many images of the namespace {namespace} are being verified")
        if mine is None:
            mine = self._namespaces[namespace] = _Namespace(asyncio.Semaphore(max(1, self.at_once // SHARE)))
        mine.interested += 1
        self._total += 1

    @asynccontextmanager
    async def turn(self, namespace: str) -> AsyncIterator[None]:
        """Wait until a question that was counted may be asked; it is not counted any more once it is answered."""
        mine = self._namespaces[namespace]
        try:
            async with mine.free:
                yield
        finally:
            mine.interested -= 1
            self._total -= 1
            if not mine.interested:
                del self._namespaces[namespace]
