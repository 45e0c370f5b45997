"""How many requests are under way at once: of one worker, and to one registry."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from cosignpy.errors import DeadlineExceeded
from cosignpy.values import field, record, value

MAX_REGISTRIES: Final = 1000
"""Registries that are told apart; those that nobody waits for are forgotten beyond."""


@value
class Deadline:
    """A moment of `time.monotonic` that may be put off; `started` is when the question came."""

    started: float
    moments: list[float]

    @classmethod
    def at(cls, moment: float) -> "Deadline":
        """Return one that is at a moment for now."""
        return cls(time.monotonic(), [moment])

    def get(self) -> float:
        """Return the moment."""
        return self.moments[0]

    def put_off(self, moment: float) -> None:
        """Allow more time."""
        self.moments[0] = max(self.moments[0], moment)

    def exceeded(self) -> DeadlineExceeded:
        """Build the error that says so."""
        return DeadlineExceeded(round(self.moments[0] - self.started, 1), "the registry, or this webhook, is slow")


@record
class _Turns:
    """Of one registry: who may go on, and how many there are that want to."""

    free: threading.Semaphore
    interested: int = 0


@record
class Limits:
    """Turns to send a request; `at_once_each` is for one registry, and less than all, so that no registry has them."""

    at_once: int
    at_once_each: int
    monotonic: Callable[[], float] = time.monotonic
    _all: threading.Semaphore = field(default_factory=threading.Semaphore, repr=False)
    _each: dict[str, _Turns] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, at_once: int, at_once_each: int) -> "Limits":
        """Return limits of these numbers."""
        return cls(at_once, at_once_each, _all=threading.Semaphore(at_once))

    @contextmanager
    def turn(self, registry: str, deadline: Deadline) -> Iterator[None]:
        """Wait until a request may be sent to a registry, and count it until it is done.

        Raises:
            DeadlineExceeded: That takes too long.
        """
        turns = self._enter(registry)
        try:
            with self._acquired(turns.free, deadline), self._acquired(self._all, deadline):
                yield
        finally:
            self._leave(registry, turns)

    @contextmanager
    def _acquired(self, semaphore: threading.Semaphore, deadline: Deadline) -> Iterator[None]:
        left = deadline.get() - self.monotonic()
        if left <= 0 or not semaphore.acquire(timeout=left):
            raise deadline.exceeded()
        try:
            yield
        finally:
            semaphore.release()

    def _enter(self, registry: str) -> _Turns:
        with self._lock:
            turns = self._each.setdefault(registry, _Turns(threading.Semaphore(self.at_once_each)))
            turns.interested += 1
            return turns

    def _leave(self, registry: str, turns: _Turns) -> None:
        with self._lock:
            turns.interested -= 1
            if not turns.interested and len(self._each) > MAX_REGISTRIES:
                del self._each[registry]
