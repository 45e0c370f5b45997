"""The newest part of an index: records in memory, where any key is found at once.

A record is a key and a log index, `RECORD_SIZE` octets that sort by key, then by index. Keys are hashes, so
each of them belongs somewhere else in any sorted file; that is why they gather here first.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from log_server.storage.protocol import KEY_SIZE, IndexRow

INDEX_SIZE: Final = 6
"""Octets of a log index: 2**48 entries are some thousand years at the full speed of this log."""
RECORD_SIZE: Final = KEY_SIZE + INDEX_SIZE

_RECORD: Final = Struct(f">{KEY_SIZE}sHI")


def encode_records(rows: Sequence[IndexRow]) -> bytes:
    """Write the records of rows one after the other, each key of an entry once."""
    return b"".join(
        [key + tail for row in rows for tail in (encode_index(row.index),) for key in dict.fromkeys(row.keys)]
    )


def encode_index(index: int) -> bytes:
    """Write a log index as the end of a record."""
    return index.to_bytes(INDEX_SIZE, "big")


def index_of(record: bytes) -> int:
    """Read the log index at the end of a record."""
    return int.from_bytes(record[KEY_SIZE:], "big")


class Part:
    """The records of the entries from `begin` up to `end`, found by key."""

    def __init__(self, begin: int) -> None:
        self.begin = begin
        self.end = begin
        self._first: dict[bytes, int] = {}
        self._more: dict[bytes, list[int]] = {}
        self._records: list[bytes] = []

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._first)

    def extend(self, end: int, records: bytes) -> None:
        """Take the records of the next entries, up to `end`."""
        settle = self._first.setdefault
        for key, high, low in _RECORD.iter_unpack(records):
            index = high << 32 | low
            if settle(key, index) != index:
                self._more.setdefault(key, []).append(index)
        self._records.append(records)
        self.end = end

    def first(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return the lowest log index of each key that is here."""
        found = self._first
        return {key: found[key] for key in keys if key in found}

    def search(self, key: bytes, after: int, limit: int) -> Sequence[int]:
        """Return log indices of a key above `after`, ascending, at most `limit`."""
        if key not in self._first:
            return ()
        return [index for index in (self._first[key], *self._more.get(key, ())) if index > after][:limit]

    def count(self) -> int:
        """Count the records."""
        return sum(map(len, self._records)) // RECORD_SIZE

    def records(self) -> bytes:
        """Return all records, in the order in which they came."""
        return b"".join(self._records)
