"""Sorted runs: immutable SQLite files, each with all records of a range of entries.

A run is written once, by one SQL statement, during which sqlite3 lets other threads work; a record costs
about one microsecond to sort, and less than half of one to merge. Once written it is only read, so readers
open it as immutable and take no locks.
"""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Final

from cosignpy.values import value
from log_server.storage.failures import explain
from log_server.storage.index_database import explain_database, open_database
from log_server.storage.index_young import INDEX_SIZE, RECORD_SIZE, encode_index, index_of
from log_server.storage.protocol import KEY_SIZE, StorageError
from log_server.storage.segment import sync_directory

_CACHE: Final = 250
"""Pages of four kibibytes that a connection keeps at the least."""
_INNER_SHARE: Final = 64
"""One page in a hundred is an inner node, which every look-up passes: this share of a run is kept besides."""

_LAST: Final = b"\xff" * INDEX_SIZE
_NUMBERS: Final = 1024
"""Keys that one statement looks up."""

_SORT_CACHE: Final = 8_000
"""Kibibytes in which a part is sorted."""
_STEPS: Final = 1_000_000
"""Steps of SQLite's machine, some milliseconds, after which a writer looks whether it was stopped."""

_CREATE: Final = "CREATE TABLE run (record BLOB PRIMARY KEY) WITHOUT ROWID"
_SORT: Final = f"""
    WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :count)
    INSERT INTO run SELECT substr(:records, n * {RECORD_SIZE} + 1, {RECORD_SIZE}) AS record
    FROM number WHERE n < :count ORDER BY record"""  # noqa: S608 - constants
_FILL_NUMBERS: Final = f"""
    WITH RECURSIVE count(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM count WHERE n + 1 < {_NUMBERS})
    INSERT INTO temp.number SELECT n FROM count"""  # noqa: S608 - a constant
_FIRST: Final = f"""
    SELECT found FROM (
        SELECT (
            SELECT record FROM run
            WHERE record BETWEEN substr(:bounds, n * {RECORD_SIZE} + 1, {KEY_SIZE})
                AND substr(:bounds, n * {RECORD_SIZE} + 1, {RECORD_SIZE})
            ORDER BY record LIMIT 1
        ) AS found FROM temp.number WHERE n < :count
    ) WHERE found IS NOT NULL"""  # noqa: S608 - constants
_RECORDS: Final = f"SELECT record FROM run WHERE substr(record, {KEY_SIZE + 1}) >= ?"  # noqa: S608 - a constant
_RECORDS_AT_ONCE: Final = 1 << 14
_COUNT: Final = "SELECT count(*) FROM run"
_SEARCH: Final = "SELECT record FROM run WHERE record > ? AND record <= ? ORDER BY record LIMIT ?"


@value
class RunName:
    """Which entries a run covers, how many times it was merged, and the name of its file."""

    begin: int
    end: int
    level: int
    file: str


class Run:
    """A run, opened to be searched by any thread."""

    def __init__(self, directory: Path, name: RunName) -> None:
        """Open a run.

        Raises:
            sqlite3.Error: The file is gone, since its records are in another now, or is damaged.
        """
        self.name = name
        self._path = directory / name.file
        self._lock = Lock()
        self._connection = open_database(self._path, "mode=ro&immutable=1")
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        for statement in (
            f"PRAGMA cache_size = {_CACHE + pages // _INNER_SHARE}",
            "PRAGMA temp_store = MEMORY",
            "CREATE TEMP TABLE number (n INTEGER PRIMARY KEY)",
            _FILL_NUMBERS,
        ):
            self._connection.execute(statement)

    def __del__(self) -> None:
        """Close the file when the last one who searches in it is done."""
        connection = getattr(self, "_connection", None)
        if connection is not None:
            connection.close()

    def first(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return the lowest log index of each key that is here.

        Raises:
            StorageError: The file is damaged.
        """
        found: list[tuple[bytes]] = []
        with self._lock, explain_database(self._path):
            for start in range(0, len(keys), _NUMBERS):
                some = keys[start : start + _NUMBERS]
                given = {"bounds": _LAST.join((*some, b"")), "count": len(some)}
                found += self._connection.execute(_FIRST, given).fetchall()
        return {record[:KEY_SIZE]: index_of(record) for (record,) in found}

    def search(self, key: bytes, after: int, limit: int) -> Sequence[int]:
        """Return log indices of a key above `after`, ascending, at most `limit`.

        Raises:
            StorageError: The file is damaged.
        """
        if after >= self.name.end - 1:
            return ()
        begin = key + encode_index(after) if after >= 0 else key
        with self._lock, explain_database(self._path):
            found = self._connection.execute(_SEARCH, (begin, key + _LAST, limit)).fetchall()
        return [index_of(record) for (record,) in found]

    def count(self) -> int:
        """Count the records.

        Raises:
            StorageError: The file is damaged.
        """
        with self._lock, explain_database(self._path):
            ((count,),) = self._connection.execute(_COUNT).fetchall()
        return int(count)

    def records(self, begin: int) -> Iterator[bytes]:
        """Yield the records of the entries from `begin` on, sorted, many at once; nobody else may look meanwhile.

        Raises:
            StorageError: The file is damaged.
        """
        with explain_database(self._path):
            found = self._connection.execute(_RECORDS, (encode_index(begin),))
            while some := found.fetchmany(_RECORDS_AT_ONCE):
                yield b"".join(chain.from_iterable(some))


class RunWriter:
    """Writes runs into a directory, one at a time; `stop`, from another thread, makes it give up at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stopped = False

    def sort(self, begin: int, end: int, records: bytes) -> RunName:
        """Write the run of the entries from `begin` up to `end`.

        Raises:
            StorageError: It could not be written, or `stop` was called.
        """
        given = {"records": records, "count": len(records) // RECORD_SIZE}
        return self._write(_name(begin, end, level=0), (), lambda run: run.execute(_SORT, given))

    def merge(self, runs: Sequence[RunName]) -> RunName:
        """Write one run with the records of several that follow one another.

        Raises:
            StorageError: It could not be written, or `stop` was called.
        """
        sources = " UNION ALL ".join(f"SELECT record FROM run{place}.run" for place in range(len(runs)))  # noqa: S608 - numbers
        statement = f"INSERT INTO main.run {sources} ORDER BY record"
        name = _name(runs[0].begin, runs[-1].end, level=runs[0].level + 1)
        return self._write(name, runs, lambda run: run.execute(statement))

    def stop(self) -> None:
        """Give up what is being written, and refuse what is asked for after."""
        self._stopped = True

    def _write(
        self, name: RunName, sources: Sequence[RunName], fill: Callable[[sqlite3.Connection], object]
    ) -> RunName:
        """Write a file beside its place, make it durable, and only then give it its name."""
        path = self._directory / name.file
        if self._stopped:
            raise StorageError(str(path), "the index is being closed")
        beside = path.with_name(f".{name.file}")
        with explain_database(path), explain(path):
            try:
                with closing(open_database(beside, "mode=rwc")) as connection:
                    connection.set_progress_handler(lambda: self._stopped, _STEPS)
                    self._prepare(connection, sources)
                    fill(connection)
                _sync_file(beside)
                beside.rename(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
            sync_directory(self._directory)
        return name

    def _prepare(self, connection: sqlite3.Connection, sources: Sequence[RunName]) -> None:
        # Whoever is interrupted begins a new file, so this one needs no rollback, and one fsync at its end.
        for setting in (
            "journal_mode = OFF",
            "synchronous = OFF",
            f"cache_size = -{_SORT_CACHE}",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(_CREATE)
        for place, source in enumerate(sources):
            uri = f"{(self._directory / source.file).absolute().as_uri()}?mode=ro&immutable=1"
            connection.execute(f"ATTACH ? AS run{place}", (uri,))


def _name(begin: int, end: int, *, level: int) -> RunName:
    """Name a run; no file's name comes twice, so that nobody who has one open mistakes another for it."""
    return RunName(begin, end, level, f"{begin}-{end}.{secrets.token_hex(4)}")


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
