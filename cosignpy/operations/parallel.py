"""Several calls at once, results in order. Threads, because the work is waiting for registries.

Not `concurrent.futures`: importing it costs more than most verifications take.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Generic, TypeVar

from cosignpy.errors import DeadlineExceeded
from cosignpy.values import value

T = TypeVar("T")
R = TypeVar("R")

DEFAULT_WORKERS: Final = 8
"""Requests under way at once: enough to hide a registry's latency, few enough not to be throttled."""


@value
class Outcome(Generic[R]):
    """What one call gave: a value, or the exception it raised."""

    value: R | None
    error: BaseException | None = None

    def unwrap(self) -> R:
        """Return the value.

        Raises:
            BaseException: The exception of the call, where it raised one.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # None is a value where R allows it


def run_parallel(function: Callable[[T], R], items: Sequence[T], workers: int = DEFAULT_WORKERS) -> list[Outcome[R]]:
    """Call `function` on every item, at most `workers` at once; one failure stops no other call.

    A single item, or a single worker, runs in the calling thread.

    Raises:
        DeadlineExceeded: The time ended meanwhile: what was not looked at must not pass for a failure.
    """
    outcomes: list[Outcome[R] | None] = [None] * len(items)
    remaining: Iterator[int] = iter(range(len(items)))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                index = next(remaining, None)
            if index is None:
                return
            outcomes[index] = _call(function, items[index])

    expired = list[DeadlineExceeded]()

    def help_out() -> None:
        try:
            work()
        except DeadlineExceeded as error:
            expired.append(error)

    threads = [threading.Thread(target=help_out, daemon=True) for _ in range(min(workers, len(items)) - 1)]
    for thread in threads:
        thread.start()
    work()
    _join(threads, expired)
    return [outcome for outcome in outcomes if outcome is not None]


def _join(threads: Sequence[threading.Thread], expired: Sequence[DeadlineExceeded]) -> None:
    """Wait for threads that help, and tell that time ended for one of them."""
    for thread in threads:
        thread.join()
    for error in expired:
        raise error


def _call(function: Callable[[T], R], item: T) -> Outcome[R]:
    try:
        return Outcome(function(item))
    except DeadlineExceeded:
        raise  # the whole question is over, not this one call
    except Exception as error:  # noqa: BLE001  # handed on whole: `unwrap` raises it in the caller's thread
        return Outcome(None, error)
