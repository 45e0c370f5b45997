"""How long to wait after failures, so that many who failed together do not come back together."""

import random
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 2.0
"""An API server that was away is asked by each watch no later than this after it came back."""

_FACTOR: Final = 2.0
_JITTER: Final = random.SystemRandom()


class Backoff:
    """Pauses that grow with each failure, until something succeeds."""

    def __init__(self) -> None:
        self._failures = 0

    def fail(self) -> float:
        """Return how many seconds to wait after one more failure: half of it is by chance."""
        longest = min(FIRST_SECONDS * _FACTOR**self._failures, LONGEST_SECONDS)
        self._failures = min(self._failures + 1, 30)
        return longest * (0.5 + _JITTER.random() / 2)

    def succeed(self) -> None:
        """Begin anew."""
        self._failures = 0
