"""What is remembered for a while only, and only so much of it: codes, tokens, devices."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")

Now = Callable[[], float]


class Expiring(Generic[V]):
    """Values by key, each for the same time; where there are too many, the oldest is forgotten first."""

    def __init__(self, seconds: float, capacity: int, now: Now) -> None:
        self._seconds = seconds
        self._capacity = capacity
        self._now = now
        self._found: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def put(self, key: str, content: V) -> None:
        """Remember a value from now on."""
        now = self._now()
        self.forget(key)
        while self._found and (len(self._found) >= self._capacity or self._oldest() <= now):
            self._found.popitem(last=False)
        self._found[key] = (now + self._seconds, content)

    def get(self, key: str) -> V | None:
        """Return a value, None if there is none any more."""
        expires, content = self._found.get(key, (0.0, None))
        return content if expires > self._now() else None

    def change(self, key: str, content: V) -> None:
        """Put another value in the place of one, which will be forgotten when that would have been."""
        expires, _ = self._found[key]
        self._found[key] = (expires, content)

    def forget(self, key: str) -> None:
        """Remove a value, if it is there."""
        self._found.pop(key, None)

    def _oldest(self) -> float:
        expires, _ = next(iter(self._found.values()))
        return expires
