"""The journal as files: an append is one write and one fdatasync, and that is the commit point of the log.

After a failed fsync nobody knows what the disk holds, and asking again would only be told that all is well
(the kernel drops the pages and the error, "fsyncgate"). The journal then refuses everything; whoever opens
it again reads what is really there.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from log_server.storage.failures import explain, outcome_unknown, storage_error
from log_server.storage.protocol import HeadMoved, JournalRecord, OutcomeUnknown, StorageDamaged, StorageError
from log_server.storage.segment import (
    HEAD_SIZE,
    MAX_CONTENT,
    Segment,
    create_segment,
    open_segments,
    sync_directory,
)

SEGMENT_SIZE: Final = 1 << 26
"""Octets after which a new file is begun: what is forgotten is forgotten by the file, and read at start-up by it."""


class FileJournal:
    """A journal in a directory of its own. Whoever opens it holds the lock of the data directory."""

    def __init__(self, directory: Path, *, segment_size: int = SEGMENT_SIZE) -> None:
        """Open a journal, or begin one; a torn last record is cut off.

        Raises:
            StorageDamaged: A record is damaged that others follow, or files are missing in between.
            StorageError: A file cannot be read or made.
        """
        self._directory = directory
        self._segment_size = max(segment_size, HEAD_SIZE + 1)  # a file holds one record at least
        self._refusal: OutcomeUnknown | None = None
        with explain(directory):
            directory.mkdir(parents=True, exist_ok=True)
            sync_directory(directory.parent)
        self._segments = list(open_segments(directory)) or [create_segment(directory, 0)]
        self._newest = self._segments[0].start
        self._end = self._newest
        self._length = HEAD_SIZE
        for segment in self._segments:
            self._follow(segment)
        self._handle = _open_for_writing(self._segments[-1].path, self._length)

    def append(self, batch: JournalRecord) -> None:
        """Move the head from `batch.start` to `batch.end`; durable on return.

        Raises:
            HeadMoved: The journal does not end at `batch.start`.
            StorageError: Nothing was written, for certain.
            OutcomeUnknown: It may have been written, or an earlier append may have been.
        """
        if self._refusal:
            raise OutcomeUnknown(self._refusal.what, f"an earlier write failed: {self._refusal.why}; restart")
        if batch.start != self._end:
            raise HeadMoved(str(self._directory), f"it ends at {self._end}, not at {batch.start}")
        if len(batch.content) > MAX_CONTENT:
            raise StorageError(str(self._directory), f"a record of {len(batch.content)} octets is over the limit")
        if self._length >= self._segment_size:
            self._roll(create_segment(self._directory, self._end))
        self._write(batch)
        self._newest, self._end = batch.start, batch.end

    def records(self) -> Iterator[JournalRecord]:
        """Yield what is kept, oldest first.

        Raises:
            StorageError: A record is damaged that others follow.
        """
        for segment in tuple(self._segments):
            for _, batch in segment.read():
                yield batch

    def forget(self, before: int) -> None:
        """Delete files whose records all end at or below a tree size; the newest record always stays.

        Raises:
            StorageError: A file could not be deleted.
        """
        before = min(before, self._newest)
        while len(self._segments) > 1 and self._segments[1].start <= before:
            path = self._segments[0].path
            with explain(path):
                path.unlink()
                del self._segments[0]  # whatever comes next, nobody can read it any more
                sync_directory(self._directory)  # one by one, so that a power cut leaves no hole

    def close(self) -> None:
        """Close the file that is written to; the journal is not used any more."""
        os.close(self._handle)

    def _follow(self, segment: Segment) -> None:
        """Go through one file and remember where the journal ends."""
        _refuse_gap(segment, self._end)
        self._length = HEAD_SIZE
        for self._length, batch in segment.read():
            self._newest, self._end = batch.start, batch.end

    def _roll(self, segment: Segment) -> None:
        """Go over to a new file."""
        handle = _open_for_writing(segment.path, HEAD_SIZE)
        os.close(self._handle)
        self._handle, self._length = handle, HEAD_SIZE
        self._segments.append(segment)

    def _write(self, batch: JournalRecord) -> None:
        path = self._segments[-1].path
        frame = self._segments[-1].encode_frame(batch)
        try:
            written = os.pwritev(self._handle, (frame, batch.content), self._length)
            if written < len(frame) + len(batch.content):
                written += _write_rest(self._handle, (frame + batch.content)[written:], self._length + written)
        except OSError as error:
            self._take_back(error)
            raise storage_error(path, error) from error
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            self._refusal = outcome_unknown(path, error)
            raise self._refusal from error
        self._length += written

    def _take_back(self, cause: OSError) -> None:
        """Cut off what a failed write left behind, so that it is certain that nothing was written."""
        try:
            os.ftruncate(self._handle, self._length)
            os.fsync(self._handle)
        except OSError as error:
            self._refusal = outcome_unknown(self._segments[-1].path, error)
            raise self._refusal from cause


def read_end(directory: Path) -> int:
    """Read all of a journal that nobody writes to, and return at which tree size it ends; nothing is changed.

    Raises:
        StorageDamaged: A record is damaged that others follow, or files are missing in between.
        StorageError: A file cannot be read.
    """
    end: int | None = None
    for segment in open_segments(directory):
        _refuse_gap(segment, segment.start if end is None else end)
        end = segment.start
        for _, batch in segment.read():
            end = batch.end
    return end or 0


def _refuse_gap(segment: Segment, end: int) -> None:
    if segment.start != end:
        why = f"the journal file before it ends at tree size {end}; restore what is missing from a copy"
        raise StorageDamaged(str(segment.path), why)


def _open_for_writing(path: Path, length: int) -> int:
    """Open a file for writing, and cut off what follows its last record."""
    with explain(path):
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        if os.fstat(handle).st_size > length:
            os.ftruncate(handle, length)
            os.fsync(handle)
    return handle


def _write_rest(handle: int, content: bytes, offset: int) -> int:
    """Write what a full disk, or one that is about to be, did not take at once."""
    written = 0
    while written < len(content):
        written += os.pwrite(handle, content[written:], offset + written)
    return written
