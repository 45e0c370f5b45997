"""Large reviews take turns, so that nobody ends the process that decides for all by sending many of them.

Pods have some thousand octets. What is made of a large review takes up to twenty times its size, for as long as it is
decided over, and whoever may create objects can name a registry that never answers.
"""

import asyncio
from http import HTTPStatus
from typing import Final

from cosignpy.serving.asgi import Deadline
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import Refused

LARGE: Final = 64 * 1024
"""Octets beyond which a review is large: twenty times as many as that of a usual pod."""
AT_ONCE: Final = 4
"""Large reviews that are decided over at the same time."""
MOST: Final = 32
"""Large reviews that wait for that; others are refused at once."""
_TOO_MANY: Final = Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"too many reviews of more than {LARGE} bytes; try again")


class LargeReviews:
    """Whose turn it is; used in one event loop."""

    def __init__(self, at_once: int = AT_ONCE, most: int = MOST) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = most
        self._waiting = 0

    async def enter(self, seconds: float) -> None:
        """Wait until a large review may be looked at; `leave` says that it was.

        Raises:
            Refused: That takes longer, or too many wait already.
        """
        if self._waiting >= self._most:
            raise Refused(_TOO_MANY)
        self._waiting += 1
        try:
            with Deadline(max(0.0, seconds), lambda: Refused(_TOO_MANY)):
                await self._free.acquire()
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        """Let the next one in."""
        self._free.release()
