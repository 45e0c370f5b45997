"""The filter before the runs of an index: most keys that are in none of them it knows without looking there.

Nearly every entry that is submitted is new, so nearly every look-up of the writer's is for a key that is
nowhere, and would ask each run for it. The filter is a stack of tables of bits, each of twice the capacity of the
one before; only the last one changes. It may let a key pass that is in no run, and then the runs are asked; it
must never hold one back that is in a run, or its entry would be logged a second time. Hence

1. The keys of a part are added before a view has the run they were sorted into, by the one thread that sorts.
2. What is saved are the tables as files, then in one transaction of the database their names and digests, and
   `end`: a number of entries that were in runs, so in the tables, before the files were written. Further bits in
   them do no harm. The names of all tables change together, so they never belong to different states.
3. Whoever opens the index adds the keys of the entries from `end` on out of the runs.

A crash before the transaction leaves files that no name leads to, which are removed at the next start, and the
names and files from before, with a smaller `end`, so more is added from the runs. A power cut after it can undo
it; therefore it is made durable before the files from before are deleted. One that interrupts the deletion leaves
files without a name again. As runs are made durable before they are named, and their names come into the database
before an `end` that covers them, no power cut can leave an `end` above the entries that are in runs. Where it is
there nevertheless, or a file is missing or is not the one whose digest is in the database, no table is believed and
the filter is built anew from the runs: slow, but right. An older database that is put back with files of its time
names them and its own `end`; with files of another time, none that it names.
"""

import logging
from collections.abc import Sequence
from threading import Lock
from typing import Final

from log_server.storage.index_catalogue import Catalogue, SavedTables
from log_server.storage.index_runs import Run
from log_server.storage.index_table import Table, TableName, build_table, read_table, select_keys

FIRST_PARTS: Final = 8
"""Parts whose keys fill the first table."""
UNSAVED_PARTS: Final = 6
"""Parts whose keys are not in the saved tables, at the most: they are read again at a start, in half a second."""

_LOG: Final = logging.getLogger(__name__)


class Filter:
    """The filter of the one writer: one thread adds, any thread selects or saves."""

    def __init__(self, catalogue: Catalogue, catalogue_lock: Lock, part_keys: int) -> None:
        """Begin without keys; whoever changes the database holds `catalogue_lock`."""
        self._catalogue = catalogue
        self._catalogue_lock = catalogue_lock
        self._part_keys = part_keys
        self._lock = Lock()  # held to change tables, and while they are written
        self._saved = SavedTables(0, ())
        self._tables: tuple[Table, ...] = ()

    @property
    def end(self) -> int:
        """Say for how many entries the saved tables hold the keys."""
        return self._saved.end

    @property
    def files(self) -> Sequence[str]:
        """Name the files of the saved tables."""
        return [name.file for name in self._saved.names]

    @property
    def is_due(self) -> bool:
        """Say whether enough was added since the tables were saved to save them again."""
        unsaved = sum(table.keys for table in self._tables) - sum(name.keys for name in self._saved.names)
        return unsaved >= UNSAVED_PARTS * self._part_keys

    def load(self, runs: Sequence[Run]) -> None:
        """Take the tables that were saved, where they can be believed, and add what is in runs besides.

        Raises:
            StorageError: The database or a run is damaged.
        """
        sorted_to = runs[-1].name.end if runs else 0
        saved = self._catalogue.tables()
        tables = self._read(saved, sorted_to)
        if tables:
            self._saved, self._tables = saved, tables
        if self.end < sorted_to:
            _LOG.info("the filter of %s takes the keys from entry %d on", self._catalogue.directory, self.end)
        for run in runs:
            if run.name.end > self.end:
                for records in run.records(self.end):
                    self.add(records)

    def add(self, records: bytes) -> None:
        """Let the keys of records pass from now on."""
        with self._lock:
            if not self._tables:
                self._tables = (build_table(FIRST_PARTS * self._part_keys),)
            elif self._tables[-1].keys >= self._tables[-1].capacity:
                self._tables = (*self._tables, build_table(2 * self._tables[-1].capacity))
            self._tables[-1].add(records)

    def select(self, keys: Sequence[bytes]) -> Sequence[bytes]:
        """Choose the keys that may be in runs: all that are, and few others."""
        return select_keys(self._tables, keys)

    def save(self, end: int) -> None:
        """Save the tables, to which the keys of the first `end` entries were added, and whose runs are committed.

        Raises:
            StorageError: They could not be saved; what was saved before still is.
        """
        with self._lock:
            before = self._saved
            saved = SavedTables(max(end, before.end), self._write())
            with self._catalogue_lock:
                self._catalogue.save_tables(saved)
            self._saved = saved
            self._catalogue.settle()
            kept = self.files
            self._catalogue.delete([name.file for name in before.names if name.file not in kept])

    def _read(self, saved: SavedTables, sorted_to: int) -> tuple[Table, ...]:
        """Read all saved tables, or none."""
        tables = []
        for name in saved.names:
            path = self._catalogue.directory / name.file
            why = f"it covers {saved.end} entries of {sorted_to}"
            try:
                table = read_table(self._catalogue.directory, name) if saved.end <= sorted_to else None
            except OSError as error:
                table, why = None, str(error)
            if table is None:
                _LOG.warning("%s is not to be believed (%s); the filter is built anew from the runs", path, why)
                return ()
            tables.append(table)
        return tuple(tables)

    def _write(self) -> tuple[TableName, ...]:
        """Write the tables that were not saved as they are."""
        names: list[TableName] = []
        known = self._saved.names
        try:
            for place, table in enumerate(self._tables):
                is_known = place < len(known) and known[place].keys == table.keys
                names.append(known[place] if is_known else table.write(self._catalogue.directory))
        except BaseException:
            self._catalogue.delete([name.file for name in names if name not in known])
            raise
        return tuple(names)
