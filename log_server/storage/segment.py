"""One file of the journal: how a record lies in it, and how the end of the file is found again after a crash.

    file    = "tlogjrn1" salt(16) record*
    record  = salt(16) start(8) end(8) length(8) sha256(32) content(length)

Numbers are big-endian; the digest covers salt, numbers and content. The salt is random for each file, so
nothing that clients put into an entry can pass for a record, and nothing that an old file left on the disk.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Final

from cosignpy.values import value
from log_server.storage.failures import explain
from log_server.storage.protocol import JournalRecord, StorageDamaged

MAX_CONTENT: Final = 1 << 28
"""Octets of a record: 4,096 entries of the largest size; a batch is far smaller."""

_MAGIC: Final = b"tlogjrn1"
_SALT_SIZE: Final = 16
HEAD_SIZE: Final = len(_MAGIC) + _SALT_SIZE
_NUMBERS: Final = Struct(">QQQ")
_DIGEST_SIZE: Final = 32
_FRAME_SIZE: Final = _SALT_SIZE + _NUMBERS.size + _DIGEST_SIZE
_NAME_DIGITS: Final = 20


@value
class Segment:
    """A journal file, which begins at tree size `start`."""

    path: Path
    start: int
    salt: bytes

    def encode_frame(self, batch: JournalRecord) -> bytes:
        """Return what precedes the content of a record."""
        numbers = _NUMBERS.pack(batch.start, batch.end, len(batch.content))
        return self.salt + numbers + _digest(self.salt, numbers, batch.content)

    def read(self) -> Iterator[tuple[int, JournalRecord]]:
        """Yield each valid record from the beginning on, and the offset at which it ends.

        Raises:
            StorageDamaged: A record is damaged that a valid one follows, or does not follow from the one before.
            StorageError: The file cannot be read.
        """
        with explain(self.path), self.path.open("rb") as file:
            file.seek(HEAD_SIZE)
            size = self.start
            while batch := _read_record(file, self.salt):
                if batch.start != size:
                    raise StorageDamaged(str(self.path), f"the record after tree size {size} begins at {batch.start}")
                size = batch.end
                yield file.tell(), batch
            self._check_nothing_follows(file, size)

    def _check_nothing_follows(self, file: BinaryIO, size: int) -> None:
        """See that what could not be read is the torn end of the file: records are written one after the other."""
        torn_at = file.tell()
        rest = file.read()
        place = rest.find(self.salt, 1)
        while place >= 0:
            file.seek(torn_at + place)
            if _read_record(file, self.salt):
                why = f"the record after tree size {size}, at octet {torn_at}, is damaged; restore the file from a copy"
                raise StorageDamaged(str(self.path), why)
            place = rest.find(self.salt, place + 1)


def create_segment(directory: Path, start: int) -> Segment:
    """Make an empty file for records from a tree size on; its name is durable on return, so it is never torn.

    Raises:
        StorageError: It could not be made.
    """
    path = directory / f"{start:0{_NAME_DIGITS}}"
    beside = path.with_name(f".{path.name}")
    salt = os.urandom(_SALT_SIZE)
    with explain(path):
        with beside.open("wb") as file:
            file.write(_MAGIC + salt)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
        sync_directory(directory)
    return Segment(path, start, salt)


def open_segments(directory: Path) -> Iterator[Segment]:
    """Yield the files of a journal, oldest first.

    Raises:
        StorageDamaged: One is not a journal file.
        StorageError: One cannot be read.
    """
    with explain(directory):
        names = sorted(path.name for path in directory.iterdir())
    for name in names:
        if len(name) == _NAME_DIGITS and name.isdecimal():
            yield _open_segment(directory / name)


def _open_segment(path: Path) -> Segment:
    with explain(path), path.open("rb") as file:
        head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE or not head.startswith(_MAGIC):
        raise StorageDamaged(str(path), "it is not a journal file, or its beginning is damaged; restore it from a copy")
    return Segment(path, int(path.name), head[len(_MAGIC) :])


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(salt: bytes, numbers: bytes, content: bytes) -> bytes:
    digest = sha256(salt + numbers)
    digest.update(content)
    return digest.digest()


def _read_record(file: BinaryIO, salt: bytes) -> JournalRecord | None:
    """Read the record at the file's position; where there is no valid one, return None and stay there."""
    begin = file.tell()
    frame = file.read(_FRAME_SIZE)
    if len(frame) == _FRAME_SIZE and frame.startswith(salt):
        numbers, wanted = frame[_SALT_SIZE:-_DIGEST_SIZE], frame[-_DIGEST_SIZE:]
        start, end, length = _NUMBERS.unpack(numbers)
        content = file.read(length) if length <= MAX_CONTENT else b""
        if len(content) == length and _digest(salt, numbers, content) == wanted:
            return JournalRecord(start, end, content)
    file.seek(begin)
    return None
