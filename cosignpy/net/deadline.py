"""The time that a thread has for what it does: requests that it sends meanwhile have to be answered by then.

For programs whose connections outlive the questions that they are used for: each question has a deadline of its own.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

_THREAD: Final = threading.local()


@contextmanager
def requests_end_by(deadline: Callable[[], float]) -> Iterator[None]:
    """Let requests of this thread end by a deadline of the client's monotonic clock; it is asked at each request."""
    before = getattr(_THREAD, "deadline", None)
    _THREAD.deadline = deadline
    try:
        yield
    finally:
        _THREAD.deadline = before


def current_deadline() -> float:
    """Return by when requests of this thread have to be answered."""
    deadline: Callable[[], float] | None = getattr(_THREAD, "deadline", None)
    return inf if deadline is None else deadline()
