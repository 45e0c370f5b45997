"""A program that writes to a journal, objects and an index until it is killed. Its argument is the directory.

It prints the size after each batch, when all three have taken it. What it writes follows from the size alone,
so that whoever looks later knows what has to be there.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from log_server.storage.journal import FileJournal
from log_server.storage.lock import lock_directory
from log_server.storage.posix import PosixObjects
from log_server.storage.protocol import IndexRow, JournalRecord
from log_server.storage.sqlite_index import SqliteIndex
from tests.support.storage_contract import key

PART_KEYS: Final = 60
"""Keys of a part: a run is sorted every few batches, so that kills fall into sorting and merging as well."""
SEGMENT_SIZE: Final = 10_000
COMMON: Final = key(1 << 40)


def batch_at(start: int) -> JournalRecord:
    """Make the batch that begins at a size."""
    end = start + 1 + start % 7
    return JournalRecord(start, end, b"entries from %d " % start * (start % 50))


def rows_of(batch: JournalRecord) -> Sequence[IndexRow]:
    """Make the index rows of a batch."""
    return [IndexRow(n, (key(n), key(1_000_000 + n), COMMON)) for n in range(batch.start, batch.end)]


def main() -> None:
    """Do again what is in the journal only, then write until the end of the process."""
    directory = Path(sys.argv[1])
    with lock_directory(directory):
        journal = FileJournal(directory / "journal", segment_size=SEGMENT_SIZE)
        objects = PosixObjects(directory / "objects")
        index = SqliteIndex(directory / "index", part_keys=PART_KEYS)
        for batch in journal.records():
            if objects.get(f"batch/{batch.start}") is None:
                objects.put(f"batch/{batch.start}", batch.content)
            if batch.start == index.size:
                index.add(rows_of(batch))
        while True:
            batch = batch_at(index.size)
            journal.append(batch)
            objects.put(f"batch/{batch.start}", batch.content)
            index.add(rows_of(batch))
            os.write(1, b"%d\n" % batch.end)


if __name__ == "__main__":
    main()
