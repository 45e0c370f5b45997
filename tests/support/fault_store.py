"""Storage that fails at a chosen write, before it or after it was done, and counts all writes besides.

A test runs once to count the writes, then once for each of them and each `Moment`, and looks what a restart
makes of it: that is every gap between two writes. The three ports share one `Faults`, so the number of a
write says where in the order of all of them it stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final

from cosignpy.values import record
from log_server.storage.memory import MemoryIndex, MemoryObjects
from log_server.storage.protocol import (
    Index,
    IndexRow,
    Journal,
    JournalRecord,
    ObjectStore,
    OutcomeUnknown,
    StorageError,
)


class Crash(BaseException):
    """The process died here. Nothing but the test catches it."""


class Moment(Enum):
    """Whether a write that fails was done all the same."""

    BEFORE = "failed"
    AFTER = "failed but persisted"


FAULTS: Final[Mapping[str, Callable[[], BaseException]]] = {
    "refused": lambda: StorageError("a write", "refused by the test"),
    "unknown": lambda: OutcomeUnknown("a write", "interrupted by the test"),
    "crash": Crash,
}
"""What a failing write raises. `refused` says that nothing changed, so it goes with `Moment.BEFORE` only."""


@record
class Faults:
    """Which write is to fail, and how; `fail_at` counts from zero, None lets all succeed.

    A crashed process does not write again: every further write
    crashes as well, until `restart`.
    """

    fail_at: int | None = None
    moment: Moment = Moment.BEFORE
    error: Callable[[], BaseException] = Crash
    count: int = 0
    crashed: bool = False

    def restart(self) -> None:
        """Let every write succeed from here on."""
        self.fail_at, self.crashed = None, False

    def write(self, act: Callable[[], None]) -> None:
        """Do a write, or fail as told."""
        if self.crashed:
            raise Crash
        due = self.count == self.fail_at
        self.count += 1
        if not due:
            act()
            return
        if self.moment is Moment.AFTER:
            act()
        error = self.error()
        self.crashed = isinstance(error, Crash)
        raise error


class FaultyObjects:
    """An object store whose puts, deletions and settling fail as told."""

    def __init__(self, inner: ObjectStore, faults: Faults) -> None:
        self.inner = inner
        self._faults = faults

    def get(self, name: str) -> bytes | None:
        return self.inner.get(name)

    def put(self, name: str, content: bytes) -> None:
        self._faults.write(lambda: self.inner.put(name, content))

    def delete(self, name: str) -> None:
        self._faults.write(lambda: self.inner.delete(name))

    def names(self, prefix: str) -> Iterator[str]:
        return self.inner.names(prefix)

    def settle(self) -> None:
        self._faults.write(self.inner.settle)


class FaultyJournal:
    """A journal whose appends and forgetting fail as told."""

    def __init__(self, inner: Journal, faults: Faults) -> None:
        self.inner = inner
        self._faults = faults

    def append(self, batch: JournalRecord) -> None:
        self._faults.write(lambda: self.inner.append(batch))

    def records(self) -> Iterator[JournalRecord]:
        return self.inner.records()

    def forget(self, before: int) -> None:
        self._faults.write(lambda: self.inner.forget(before))


class FaultyIndex:
    """An index whose additions, clearing and settling fail as told."""

    def __init__(self, inner: Index, faults: Faults) -> None:
        self.inner = inner
        self._faults = faults

    @property
    def size(self) -> int:
        return self.inner.size

    def add(self, rows: Sequence[IndexRow]) -> None:
        self._faults.write(lambda: self.inner.add(rows))

    def first(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        return self.inner.first(keys)

    def search(self, key: bytes, *, after: int = -1, limit: int) -> Sequence[int]:
        return self.inner.search(key, after=after, limit=limit)

    def count(self) -> int:
        return self.inner.count()

    def settle(self) -> None:
        self._faults.write(self.inner.settle)

    def clear(self) -> None:
        self._faults.write(self.inner.clear)


class VolatileObjects(MemoryObjects):
    """Objects of which a power cut leaves those that were settled."""

    def __init__(self) -> None:
        super().__init__()
        self._durable: dict[str, bytes] = {}

    def settle(self) -> None:
        self._durable = dict(self._objects)

    def cut_power(self) -> None:
        """Lose what was not settled; what was deleted since is there again."""
        self._objects = dict(self._durable)


class VolatileIndex(MemoryIndex):
    """An index of which a power cut leaves the entries that were settled."""

    def __init__(self) -> None:
        super().__init__()
        self._durable = 0
        self._rows: list[IndexRow] = []

    def add(self, rows: Sequence[IndexRow]) -> None:
        super().add(rows)
        self._rows += rows

    def settle(self) -> None:
        self._durable = self.size

    def clear(self) -> None:
        super().clear()
        self._durable = 0
        self._rows = []

    def cut_power(self) -> None:
        """Lose the entries after the last that was settled."""
        kept = self._rows[: self._durable]
        self.clear()
        self.add(kept)
        self.settle()
