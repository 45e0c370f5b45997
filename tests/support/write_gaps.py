"""The gaps between the writes of an index: whatever it does to a disk, counted, and stopped at one of them.

Writes are what the operating system is asked to make durable, to rename or to delete, and each statement of the
central database. They are met where they leave the program, so the code between is the real one.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from log_server.storage.sqlite_index import SqliteIndex

CALLS = ("fsync", "rename", "unlink")


class Gaps:
    """Counts writes, and calls `act` before the one numbered `at`, or after it."""

    def __init__(self, act: Callable[[], None], at: int, *, after: bool = False) -> None:
        self.count = 0
        self._act = act
        self._at = at
        self._after = after

    def write(self, write: Callable[[], Any]) -> Any:
        due = self.count == self._at
        self.count += 1
        if due and not self._after:
            self._act()
        result = write()
        if due and self._after:
            self._act()
        return result


class _Connection:
    """A connection to a database whose statements are writes."""

    def __init__(self, inner: sqlite3.Connection, gaps: Gaps) -> None:
        self._inner = inner
        self._gaps = gaps

    def execute(self, *given: Any) -> Any:
        return self._gaps.write(lambda: self._inner.execute(*given))

    def executemany(self, *given: Any) -> Any:
        return self._gaps.write(lambda: self._inner.executemany(*given))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@contextmanager
def watch(index: SqliteIndex, gaps: Gaps) -> Iterator[None]:
    """Let all writes of an index pass through `gaps`."""
    catalogue: Any = index._catalogue
    inner = catalogue._connection
    with pytest.MonkeyPatch.context() as patched:
        for name in CALLS:
            real = getattr(os, name)
            patched.setattr(os, name, lambda *given, real=real, **named: gaps.write(lambda: real(*given, **named)))
        catalogue._connection = _Connection(inner, gaps)
        try:
            yield
        finally:
            catalogue._connection = inner
