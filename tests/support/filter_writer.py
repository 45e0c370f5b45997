"""A program that saves the filter of an index and kills itself at a gap between two writes.

Its arguments are a directory that `prepare` made and the number of the gap; its status is 0 where there is none.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from log_server.storage.protocol import IndexRow
from log_server.storage.sqlite_index import SqliteIndex
from tests.support.storage_contract import key
from tests.support.write_gaps import Gaps, watch

PART_KEYS: Final = 20
LARGE_PART_KEYS: Final = 1000
"""Keys of a part so large that the index never saves the filter of itself."""
SAVED: Final = 100
"""Entries that are in runs when the filter is saved first, in one table that is not full."""
SIZE: Final = 300


def rows(begin: int, end: int) -> Sequence[IndexRow]:
    """Make entries of two keys that are theirs alone."""
    return [IndexRow(n, (key(n), key(1_000_000 + n))) for n in range(begin, end)]


def fill(index: SqliteIndex, end: int) -> None:
    """Add entries up to a size, ten at a time, so that each batch fills a part, and wait until all are sorted."""
    for begin in range(index.size, end, 10):
        index.add(rows(begin, min(begin + 10, end)))
    index.tidy()


def save(index: SqliteIndex) -> None:
    """Save the filter as the index does, whether it is due or not."""
    index._filter.save(index._view.runs[-1].name.end)


def prepare(directory: Path) -> None:
    """Make an index with entries in runs that came after the filter was saved."""
    with closing(SqliteIndex(directory, part_keys=PART_KEYS)) as index:
        fill(index, SAVED)
        save(index)
        index._saving.stop()
        fill(index, SIZE)


def main() -> None:
    """Save the filter, up to the gap."""
    directory, gap = Path(sys.argv[1]), int(sys.argv[2])
    with (
        closing(SqliteIndex(directory, part_keys=LARGE_PART_KEYS)) as index,
        watch(index, Gaps(lambda: os.kill(os.getpid(), signal.SIGKILL), gap)),
    ):
        save(index)


if __name__ == "__main__":
    main()
