"""The database at the centre of an index: its runs, the records that are in none of them yet, and its filter.

It is in WAL mode, so what one process commits the others see at once. Each commit is atomic, and after a
power cut the commits that are left are the first ones without a gap; `settle` makes sure of all of them.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cosignpy.values import value
from log_server.storage.failures import explain, outcome_unknown
from log_server.storage.index_database import explain_database, open_database
from log_server.storage.index_runs import RunName
from log_server.storage.index_table import TableName
from log_server.storage.segment import sync_directory

_FILE: Final = "index.db"
_FORMAT: Final = 1
"""Written as SQLite's application id; zero is what a new database has."""

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS run (begin INTEGER PRIMARY KEY, end INTEGER, level INTEGER, file TEXT)",
    "CREATE TABLE IF NOT EXISTS batch (end INTEGER PRIMARY KEY, records BLOB)",
    (
        "CREATE TABLE IF NOT EXISTS filter"
        " (place INTEGER PRIMARY KEY, end INTEGER, words INTEGER, keys INTEGER, file TEXT, digest BLOB)"
    ),
)


@value
class Contents:
    """What is in the index: the runs, and of the batches that are in none the ones that were asked for.

    `epoch` changes when the index is built anew.
    """

    epoch: int
    runs: tuple[RunName, ...]
    batches: tuple[tuple[int, bytes], ...]

    @property
    def sorted_to(self) -> int:
        """Say for how many entries the records are in runs."""
        return self.runs[-1].end if self.runs else 0


@value
class SavedTables:
    """The tables of the filter as they were saved when they held the keys of the first `end` entries, or more."""

    end: int
    names: tuple[TableName, ...]


class Catalogue:
    """The central database, as the one writer has it, or one of the readers."""

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self._path = directory / _FILE
        self._connection = connection

    def contents(self, after: int) -> Contents:
        """Read which runs there are, and the batches that end above `after`.

        Raises:
            StorageError: The file is damaged.
        """
        with self._transaction("BEGIN"):
            (epoch,) = self._connection.execute("PRAGMA user_version").fetchone()
            runs = self._connection.execute("SELECT begin, end, level, file FROM run ORDER BY begin").fetchall()
            batches = self._connection.execute(
                "SELECT end, records FROM batch WHERE end > ? ORDER BY end", (after,)
            ).fetchall()
        return Contents(epoch, tuple(RunName(*run) for run in runs), tuple(batches))

    def version(self) -> int:
        """Return a number that changes when another process has committed something.

        Raises:
            StorageError: The file is damaged.
        """
        with explain_database(self._path):
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def add(self, end: int, records: bytes) -> None:
        """Append the records of a batch of entries.

        Raises:
            StorageError: They could not be stored.
        """
        with explain_database(self._path):
            self._connection.execute("INSERT INTO batch VALUES (?, ?)", (end, records))

    def replace(self, old: Sequence[RunName], new: RunName) -> None:
        """Put a run in the place of those it was merged from, or of the batches it was sorted from.

        Raises:
            StorageError: It could not be stored.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            self._connection.executemany("DELETE FROM run WHERE begin = ?", [(run.begin,) for run in old])
            self._connection.execute("DELETE FROM batch WHERE end <= ?", (new.end,))
            self._connection.execute("INSERT INTO run VALUES (?, ?, ?, ?)", (new.begin, new.end, new.level, new.file))

    def tables(self) -> SavedTables:
        """Read which tables of the filter are saved.

        Raises:
            StorageError: The file is damaged.
        """
        with explain_database(self._path):
            rows = self._connection.execute(
                "SELECT words, keys, file, digest, end FROM filter ORDER BY place"
            ).fetchall()
        return SavedTables(max((row[-1] for row in rows), default=0), tuple(TableName(*row[:-1]) for row in rows))

    def save_tables(self, saved: SavedTables) -> None:
        """Put tables of the filter in the place of all that were saved before.

        Raises:
            StorageError: It could not be stored.
        """
        rows = [(saved.end, name.words, name.keys, name.file, name.digest) for name in saved.names]
        with self._transaction("BEGIN IMMEDIATE"):
            self._connection.execute("DELETE FROM filter")
            self._connection.executemany("INSERT INTO filter VALUES (NULL, ?, ?, ?, ?, ?)", rows)

    def clear(self) -> None:
        """Forget all runs, batches and tables, and begin another epoch.

        Raises:
            StorageError: It could not be stored.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            (epoch,) = self._connection.execute("PRAGMA user_version").fetchone()
            self._connection.execute(f"PRAGMA user_version = {epoch + 1}")
            for table in ("run", "batch", "filter"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants

    def settle(self) -> None:
        """Make durable what was committed: it lies in the write-ahead log, or was synced when it left that.

        Only the log may be opened here: to close the database itself would drop the locks SQLite holds on it.

        Raises:
            OutcomeUnknown: The device refused; what was committed last may be lost at the next power cut.
        """
        try:
            handle = os.open(f"{self._path}-wal", os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            sync_directory(self.directory)
        except OSError as error:
            raise outcome_unknown(self._path, error) from error

    def delete(self, files: Sequence[str]) -> None:
        """Delete files that were replaced. Call `settle` first: a power cut must not bring their names back.

        Raises:
            StorageError: One cannot be deleted.
        """
        with explain(self.directory):
            for file in files:
                (self.directory / file).unlink(missing_ok=True)

    def delete_all_but(self, files: Sequence[str]) -> None:
        """Delete the files that are in the index no more, or never got into it.

        Raises:
            StorageError: One cannot be deleted.
        """
        with explain(self.directory):
            for path in self.directory.iterdir():
                if not path.name.startswith(_FILE) and path.name not in files:
                    path.unlink()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with explain_database(self._path):
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def open_catalogue(directory: Path) -> Catalogue:
    """Open the central database for the one writer, or make it.

    Raises:
        StorageError: It cannot be opened, is damaged, or was made by another version.
    """
    path = directory / _FILE
    with explain(directory):
        directory.mkdir(parents=True, exist_ok=True)
        sync_directory(directory.parent)
    with explain_database(path):
        connection = open_database(path, "mode=rwc")
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
    return Catalogue(directory, connection)


def _prepare(connection: sqlite3.Connection) -> None:
    (form,) = connection.execute("PRAGMA application_id").fetchone()
    if form not in {0, _FORMAT}:
        raise sqlite3.DatabaseError(f"its format is {form}, not {_FORMAT}")
    # NORMAL: no fsync at a commit, but in the right order whenever pages move from the log to the database.
    for setting in ("journal_mode = WAL", "synchronous = NORMAL", f"application_id = {_FORMAT}"):
        connection.execute(f"PRAGMA {setting}")
    for table in _TABLES:
        connection.execute(table)


def open_catalogue_to_read(directory: Path) -> Catalogue:
    """Open the central database for one of the readers.

    Raises:
        StorageError: It is not there yet: the writer makes it.
    """
    path = directory / _FILE
    with explain_database(path):
        return Catalogue(directory, open_database(path, "mode=ro"))
