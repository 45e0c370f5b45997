"""A table of bits that says of a key that it was never added, or that it may have been (a blocked Bloom filter).

A key sets up to four bits of one 64-bit word. Which word, and which bits, its first six octets say: keys are
hashes, so any bits of them are random. To add a key or to ask for one is one access to memory. Of the keys that
were never added, a full table lets six in a thousand pass.
"""

import os
import secrets
import sys
from array import array
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import Final

from cosignpy.values import value
from log_server.storage.failures import explain
from log_server.storage.index_young import RECORD_SIZE
from log_server.storage.protocol import KEY_SIZE
from log_server.storage.segment import sync_directory

_KEYS_OF_WORD: Final = 4
"""Sixteen bits for each key of a full table."""
_BITS_OF_KEY: Final = 4
_PLACE_BITS: Final = 32
_MASKS_MASK: Final = (1 << 12) - 1

_KEY: Final = Struct(f">IH{KEY_SIZE - 6}x")
_RECORD: Final = Struct(f">IH{RECORD_SIZE - 6}x")

_FORM: Final = b"index table 1, %s endian\n" % sys.byteorder.encode()
"""Digested before the words: a table of another form, or of another machine's, is as good as a damaged one."""


def _mask(number: int) -> int:
    mask = 0
    for octet in sha256(number.to_bytes(2, "big")).digest()[:_BITS_OF_KEY]:
        mask |= 1 << (octet & 63)
    return mask


_MASKS: Final = tuple(_mask(number) for number in range(_MASKS_MASK + 1))


@value
class TableName:
    """What the database knows of a table's file: its length in words, how many keys are in it, its digest."""

    words: int
    keys: int
    file: str
    digest: bytes


class Table:
    """Bits for a number of keys; more than that may be added, and then more pass that were not."""

    def __init__(self, words: "array[int]", keys: int) -> None:
        self.words = words
        self.keys = keys
        self.shift = _PLACE_BITS - (len(words).bit_length() - 1)

    @property
    def capacity(self) -> int:
        """Say how many keys make the table full."""
        return len(self.words) * _KEYS_OF_WORD

    def add(self, records: bytes) -> None:
        """Set the bits of the keys of records."""
        words, shift = self.words, self.shift
        for place, number in _RECORD.iter_unpack(records):
            words[place >> shift] |= _MASKS[number & _MASKS_MASK]
        self.keys += len(records) // RECORD_SIZE

    def write(self, directory: Path) -> TableName:
        """Write a file beside its place, make it durable, and only then give it a name that no file had before.

        Raises:
            StorageError: It could not be written.
        """
        path = directory / f"table.{secrets.token_hex(8)}"
        beside = path.with_name(f".{path.name}")
        with explain(path):
            try:
                with beside.open("xb") as file:
                    file.write(self.words)
                    file.flush()
                    os.fsync(file.fileno())
                beside.rename(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
            sync_directory(directory)
        return TableName(len(self.words), self.keys, path.name, _digest(self.words))


def build_table(keys: int) -> Table:
    """Make an empty table for at least this many keys; the number of its words is a power of two."""
    return Table(_zeros(1 << (max(keys - 1, 0) // _KEYS_OF_WORD).bit_length()), 0)


def read_table(directory: Path, name: TableName) -> Table | None:
    """Read a table, None where its file is not the one that was written.

    Raises:
        OSError: It cannot be read.
    """
    words = _zeros(name.words)
    with (directory / name.file).open("rb") as file:
        complete = file.readinto(words) == len(words) * words.itemsize and not file.read(1)
    return Table(words, name.keys) if complete and _digest(words) == name.digest else None


def select_keys(tables: Sequence[Table], keys: Sequence[bytes]) -> Sequence[bytes]:
    """Choose the keys that may have been added to one of the tables: all that were, and few others."""
    if not tables:
        return ()
    places = [(table.words, table.shift) for table in tables]
    chosen = []
    for key, (place, number) in zip(keys, _KEY.iter_unpack(b"".join(keys)), strict=True):
        mask = _MASKS[number & _MASKS_MASK]
        for words, shift in places:
            if words[place >> shift] & mask == mask:
                chosen.append(key)
                break
    return chosen


def _zeros(count: int) -> "array[int]":
    return array("Q", bytes(8)) * count


def _digest(words: "array[int]") -> bytes:
    digest = sha256(_FORM)
    digest.update(words)
    return digest.digest()
