"""The ports behind which a log keeps its bytes: objects, the journal, the index.

They are small enough that an S3-compatible store and PostgreSQL can stand behind them: objects are names
and bytes, the journal is one conditional append, the index is two look-ups. Only the journal decides what
the log contains. Everything else can be made again from it, or from the entries.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from cosignpy.values import record, value

KEY_SIZE: Final = 16
"""Octets of an index key: the beginning of a SHA-256, far from any collision among what one log can hold."""

NAME: Final = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]*(?:/[0-9A-Za-z_-][0-9A-Za-z._-]*)*")


@record
class StorageError(Exception):
    """Bytes could not be stored, and it is certain that nothing changed: the caller may go on without."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@record
class OutcomeUnknown(StorageError):
    """It is not known whether the bytes are durable. Going on could fork the log: stop, restart, recover."""


@record
class StorageDamaged(StorageError):
    """What was stored is not there any more, or is not what it was."""


@record
class HeadMoved(StorageError):
    """Another writer moved the head of the journal: two processes serve one log."""


def check_name(name: str) -> None:
    """See that the name of an object cannot lead out of its store, nor to a file of the store's own.

    Raises:
        ValueError: It can; whoever made the name had to look at it.
    """
    if not NAME.fullmatch(name):
        raise ValueError(name)


class ObjectStore(Protocol):
    """Named immutable objects; names are relative paths as C2SP tlog-tiles spells them.

    Every operation raises ValueError for a name that `check_name` refuses.
    """

    def get(self, name: str) -> bytes | None:
        """Return an object's content, None where there is none.

        Raises:
            StorageError: It is there and cannot be read.
        """
        ...

    def put(self, name: str, content: bytes) -> None:
        """Store an object, whole or not at all; it is visible at once and durable after `settle`.

        Raises:
            StorageError: It could not be stored.
        """
        ...

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names below a prefix that ends in a slash, in no particular order."""
        ...

    def settle(self) -> None:
        """Make durable everything that was put before this call began.

        Raises:
            OutcomeUnknown: The device refused; what was put may be lost at the next power cut.
        """
        ...


@value
class JournalRecord:
    """One committed batch: `start` is the tree size before it, `end` the size after it."""

    start: int
    end: int
    content: bytes


class Journal(Protocol):
    """The head of the log: an append that succeeds only where the caller believes the end to be."""

    def append(self, batch: JournalRecord) -> None:
        """Move the head from `batch.start` to `batch.end`: compare and swap; durable on return.

        Raises:
            HeadMoved: The journal does not end at `batch.start`.
            StorageError: Nothing was written, for certain.
            OutcomeUnknown: It may have been written.
        """
        ...

    def records(self) -> Iterator[JournalRecord]:
        """Yield what is kept, oldest first; a torn last record, which was never acknowledged, is left out.

        Raises:
            StorageError: A record is damaged that others follow, naming the file and the tree size.
        """
        ...

    def forget(self, before: int) -> None:
        """Drop records that end at or below a tree size; the newest record always stays.

        Raises:
            StorageError: Some are still there, which does no harm.
        """
        ...


class IndexRow(msgspec.Struct, frozen=True):
    """The keys that find one entry: `KEY_SIZE` octets each. No value, because one is made for each entry."""

    index: int
    keys: tuple[bytes, ...]


def check_rows(rows: Sequence[IndexRow], size: int) -> None:
    """See that rows continue an index of `size` entries, and that its keys are keys.

    Raises:
        ValueError: They do not: an index with a gap would call an entry new that is in the log already.
    """
    indices = [row.index for row in rows]
    lengths = {len(key) for row in rows for key in row.keys}
    if indices != list(range(size, size + len(rows))) or not lengths <= {KEY_SIZE}:
        raise ValueError(f"IndexRow {indices[0]} and after it, where {size} is next; keys of {lengths} octets")


class IndexReader(Protocol):
    """From keys to log indices, for whoever only looks."""

    @property
    def size(self) -> int:
        """Say for how many entries of the log, from the first on, the index holds the keys."""
        ...

    def first(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return the lowest log index of each key that is there."""
        ...

    def search(self, key: bytes, *, after: int = -1, limit: int) -> Sequence[int]:
        """Return log indices of a key, ascending, above `after`, at most `limit` of them."""
        ...

    def count(self) -> int:
        """Count all there is to find: of each entry, each of its keys once. It reads everything."""
        ...


class Room(Protocol):
    """Whether there is room for another batch, asked before each is committed."""

    def check(self) -> None:
        """See that there is.

        Raises:
            StorageError: There is not.
        """
        ...


class Index(IndexReader, Protocol):
    """What finds entries by their keys. It can lag behind the journal, and is brought up from there."""

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Add the next entries, which begin at `size` and leave no gap; all of them or none.

        Raises:
            StorageError: They could not be stored.
        """
        ...

    def settle(self) -> None:
        """Make durable everything that was added before this call began.

        Raises:
            OutcomeUnknown: The device refused; what was added last may be lost at the next power cut.
        """
        ...

    def clear(self) -> None:
        """Forget everything, to be built anew from the entries."""
        ...
