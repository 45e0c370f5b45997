"""What registries have under digests, kept for other questions: it cannot change, and takes most of the requests.

It is kept by who asked for it, so that nobody is told what others may read. What tags name and what refers to an image
is asked for anew by each question, so that whoever asks has access at that time.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

V = TypeVar("V")

MAX_CONTENT: Final = 8 << 20
"""Octets of all content of one worker; a signature with its manifest has some ten thousand."""
MAX_ONE: Final = 1 << 20
"""Octets of one; attestations that are larger are fetched again."""

_LITTLE: Final = 512
"""Octets that an entry takes beside its content, roughly."""


class Content:
    """Content by who asked for it, where, and its digest; safe to share among threads."""

    def __init__(self, most: int = MAX_CONTENT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._size = 0

    def get(self, question: Hashable, fetch: Callable[[], V], weigh: Callable[[V], int]) -> V:
        """Return what is kept, else what `fetch` does, which is kept from then on unless it is large.

        Raises:
            Exception: As `fetch`; that is not kept.
        """
        with self._lock:
            kept = self._found.get(question)
            if kept is not None:
                self._found.move_to_end(question)
        if kept is not None:
            known: V = kept[0]
            return known
        found = fetch()
        weight = weigh(found) + _LITTLE
        if weight <= MAX_ONE:
            self._keep(question, found, weight)
        return found

    def _keep(self, question: Hashable, found: object, weight: int) -> None:
        with self._lock:
            before = self._found.pop(question, None)
            self._size += weight - (before[1] if before is not None else 0)
            self._found[question] = found, weight
            while self._size > self._most:
                _, (_, gone) = self._found.popitem(last=False)
                self._size -= gone
