"""The ports in memory: for tests, and as the shortest description of what each port does."""

from collections.abc import Iterator, Mapping, Sequence

from log_server.storage.protocol import HeadMoved, IndexRow, JournalRecord, check_name, check_rows


class MemoryObjects:
    """Objects in a dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        """Return an object's content, None where there is none."""
        check_name(name)
        return self._objects.get(name)

    def put(self, name: str, content: bytes) -> None:
        """Store an object."""
        check_name(name)
        self._objects[name] = content

    def delete(self, name: str) -> None:
        """Remove an object."""
        check_name(name)
        self._objects.pop(name, None)

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names below a prefix that ends in a slash."""
        check_name(prefix.removesuffix("/"))
        yield from [name for name in self._objects if name.startswith(prefix)]

    def settle(self) -> None:
        """Memory is as durable as it will be."""


class MemoryJournal:
    """Records in a list."""

    def __init__(self) -> None:
        self._records: list[JournalRecord] = []

    def append(self, batch: JournalRecord) -> None:
        """Move the head from `batch.start` to `batch.end`.

        Raises:
            HeadMoved: The journal does not end at `batch.start`.
        """
        end = self._records[-1].end if self._records else 0
        if batch.start != end:
            raise HeadMoved("the journal", f"it ends at {end}, not at {batch.start}")
        self._records.append(batch)

    def records(self) -> Iterator[JournalRecord]:
        """Yield what is kept, oldest first."""
        yield from tuple(self._records)

    def forget(self, before: int) -> None:
        """Drop records that end at or below a tree size; the newest record always stays."""
        self._records[:-1] = [record for record in self._records[:-1] if record.end > before]


class MemoryRoom:
    """Room without an end."""

    def check(self) -> None:
        """There is room."""


class MemoryIndex:
    """Log indices in a dictionary, by key."""

    def __init__(self) -> None:
        self._size = 0
        self._indices: dict[bytes, list[int]] = {}

    @property
    def size(self) -> int:
        """Say for how many entries the index holds the keys."""
        return self._size

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Add the next entries."""
        check_rows(rows, self._size)
        for row in rows:
            for key in dict.fromkeys(row.keys):
                self._indices.setdefault(key, []).append(row.index)
        self._size += len(rows)

    def first(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return the lowest log index of each key that is there."""
        return {key: self._indices[key][0] for key in keys if key in self._indices}

    def search(self, key: bytes, *, after: int = -1, limit: int) -> Sequence[int]:
        """Return log indices of a key, ascending, above `after`, at most `limit` of them."""
        return [index for index in self._indices.get(key, ()) if index > after][:limit]

    def count(self) -> int:
        """Count all there is to find."""
        return sum(map(len, self._indices.values()))

    def settle(self) -> None:
        """Memory is as durable as it will be."""

    def clear(self) -> None:
        """Forget everything."""
        self._size = 0
        self._indices = {}
