"""The index in SQLite: what an entry costs does not grow with the log.

A B-tree of random keys would write a page of its own for nearly every key, and read one before. Here new
keys are appended to a table and kept in memory; when there are enough of them they are sorted into a run,
and runs of one size are merged, eight at a time, into one of the next size, both in threads beside (a
log-structured merge tree). A key is written log8(entries) times in all, always in a long sequence, and a
look-up asks seven runs of each size at the most; one of the writer's asks them only for keys that pass its
filter. `python -m bench.index_growth` measures it.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Final

from log_server.storage.index_catalogue import open_catalogue, open_catalogue_to_read
from log_server.storage.index_chore import Chore
from log_server.storage.index_database import explain_database
from log_server.storage.index_filter import Filter
from log_server.storage.index_runs import Run, RunName, RunWriter
from log_server.storage.index_view import NOTHING, PART_KEYS, View, follow
from log_server.storage.index_young import encode_records
from log_server.storage.protocol import IndexRow, check_rows

FAN_OUT: Final = 8
"""Runs that are merged into one: with more, searches ask more runs; SQLite attaches ten databases at the most."""

MAX_PARTS: Final = 4
"""Parts in memory: where sorting falls behind, `add` waits for it."""

MAX_RUNS: Final = 64
"""Runs: where merging falls behind, `add` waits for it; a log that is served does not come near."""

_SMALL: Final = range(1)
_LARGE: Final = range(1, 64)
"""Levels whose runs are merged in threads of their own, as a large merge takes long and small ones cannot wait."""


class SqliteIndex:
    """The index as the one writer has it: one thread adds, any thread looks."""

    def __init__(self, directory: Path, *, part_keys: int = PART_KEYS) -> None:
        """Open an index, or begin one.

        Raises:
            StorageError: It cannot be opened, or is damaged: delete it, and it is built anew from the entries.
        """
        self._part_keys = part_keys
        self._lock = Lock()  # held to change the view and the database, which then agree
        self._catalogue = open_catalogue(directory)
        self._view = NOTHING
        self._begin()

    @property
    def size(self) -> int:
        """Say for how many entries the index holds the keys."""
        return self._view.size

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Add the next entries; all of them or none.

        Raises:
            StorageError: They could not be stored.
            ValueError: They do not begin at `size`, leave a gap, or have keys of another length.
        """
        check_rows(rows, self.size)
        if not rows:
            return
        self._wait_for_room()
        end, records = self.size + len(rows), encode_records(rows)
        with self._lock:
            self._catalogue.add(end, records)
            before, self._view = self._view, self._view.extended(end, records, self._part_keys)
        if self._view is not before:
            self._sorting.start()

    def first(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return the lowest log index of each key that is there.

        Raises:
            StorageError: A file is damaged.
        """
        view = self._view  # before the filter is asked, which has the keys of a run earlier than a view has the run
        return view.first_of(keys, self._filter.select(keys))

    def search(self, key: bytes, *, after: int = -1, limit: int) -> Sequence[int]:
        """Return log indices of a key, ascending, above `after`, at most `limit` of them.

        Raises:
            StorageError: A file is damaged.
        """
        return self._view.search(key, after, limit)

    def count(self) -> int:
        """Count all there is to find.

        Raises:
            StorageError: A file is damaged.
        """
        return self._view.count()

    def settle(self) -> None:
        """Make durable everything that was added before this call began.

        Raises:
            OutcomeUnknown: The device refused; what was added last may be lost at the next power cut.
        """
        self._catalogue.settle()

    def clear(self) -> None:
        """Forget everything, to be built anew from the entries.

        Raises:
            StorageError: It could not be stored.
        """
        self._stop_chores()
        self._catalogue.clear()
        self._begin()

    def tidy(self) -> None:
        """Return when all that can be sorted and merged is.

        Raises:
            StorageError: It could not be.
        """
        for chore in self._chores:
            _finish(chore)

    def close(self) -> None:
        """Give up what is being sorted or merged, which is begun again another time, and close the database."""
        self._stop_chores()
        self._catalogue.close()

    def _begin(self) -> None:
        self._view = follow(NOTHING, self._catalogue, self._part_keys)
        self._filter = Filter(self._catalogue, self._lock, self._part_keys)
        self._filter.load(self._view.runs)
        self._catalogue.delete_all_but([*(run.name.file for run in self._view.runs), *self._filter.files])
        self._begin_chores()
        self._sorting.start()
        self._saving.start()

    def _begin_chores(self) -> None:
        self._writers = [RunWriter(self._catalogue.directory) for _ in range(3)]
        sort, merge_small, merge_large = self._writers
        self._merging_large = Chore(lambda: self._merge_one(merge_large, _LARGE))
        self._merging = Chore(lambda: self._merge_one(merge_small, _SMALL))
        self._sorting = Chore(lambda: self._sort_one(sort))
        self._saving = Chore(self._save_filter)
        self._chores = (self._sorting, self._merging, self._merging_large, self._saving)

    def _stop_chores(self) -> None:
        for writer in self._writers:
            writer.stop()
        for chore in self._chores:
            chore.stop()

    def _wait_for_room(self) -> None:
        """Wait while there are too many parts or runs.

        Raises:
            StorageError: They cannot be made fewer.
        """
        if len(self._view.parts) >= MAX_PARTS:
            _finish(self._sorting)
        if len(self._view.runs) >= MAX_RUNS:
            _finish(self._merging)

    def _sort_one(self, writer: RunWriter) -> bool:
        """Make a run of the oldest part, unless it is the one that grows."""
        if len(self._view.parts) == 1:
            return False
        part = self._view.parts[0]
        records = part.records()
        name = writer.sort(part.begin, part.end, records)
        self._filter.add(records)
        self._replace((), name)
        self._merging.start()
        self._saving.start()
        return True

    def _save_filter(self) -> bool:
        """Save the filter, where enough was added to it."""
        runs = self._view.runs
        if not runs or not self._filter.is_due:  # the filter has the keys of the first run before a view has the run
            return False
        self._filter.save(runs[-1].name.end)
        return True

    def _merge_one(self, writer: RunWriter, levels: range) -> bool:
        """Make a run of the oldest ones of a level, where there are enough, the smallest first."""
        names = select_runs([run.name for run in self._view.runs if run.name.level in levels])
        if not names:
            return False
        if levels == _LARGE and self._filter.end < names[-1].end:  # a start would read the whole run for its end
            self._filter.save(names[-1].end)
        self._replace(names, writer.merge(names))
        self._catalogue.settle()
        self._catalogue.delete([old.file for old in names])
        self._merging_large.start()
        return True

    def _replace(self, old: Sequence[RunName], name: RunName) -> None:
        """Let a run take the place of those it was merged from, or of the oldest part."""
        with explain_database(self._catalogue.directory / name.file):
            new = Run(self._catalogue.directory, name)
        with self._lock:
            self._catalogue.replace(old, name)
            view = self._view
            runs = sorted([new, *(run for run in view.runs if run.name not in old)], key=lambda run: run.name.begin)
            self._view = View(view.epoch, tuple(runs), view.parts if old else view.parts[1:])


def select_runs(names: Sequence[RunName]) -> Sequence[RunName]:
    """Choose runs to be merged: `FAN_OUT` of one level, which are neighbours; none where there are not as many."""
    levels = [tuple(group) for _, group in groupby(names, key=lambda name: name.level)]
    return next((group[:FAN_OUT] for group in reversed(levels) if len(group) >= FAN_OUT), ())


def _finish(chore: Chore) -> None:
    chore.start()
    chore.wait()
    if chore.failure:
        raise chore.failure


class SqliteIndexReader:
    """The index as other processes have it: any thread looks, and finds what was added before."""

    def __init__(self, directory: Path, *, part_keys: int = PART_KEYS) -> None:
        """Open an index that the writer made.

        Raises:
            StorageError: It is not there, or is damaged.
        """
        self._part_keys = part_keys
        self._lock = Lock()
        self._catalogue = open_catalogue_to_read(directory)
        self._version = -1
        self._view = NOTHING

    @property
    def size(self) -> int:
        """Say for how many entries the index holds the keys."""
        return self._follow().size

    def first(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        """Return the lowest log index of each key that is there.

        Raises:
            StorageError: A file is damaged.
        """
        return self._follow().first(keys)

    def search(self, key: bytes, *, after: int = -1, limit: int) -> Sequence[int]:
        """Return log indices of a key, ascending, above `after`, at most `limit` of them.

        Raises:
            StorageError: A file is damaged.
        """
        return self._follow().search(key, after, limit)

    def count(self) -> int:
        """Count all there is to find.

        Raises:
            StorageError: A file is damaged.
        """
        return self._follow().count()

    def close(self) -> None:
        """Close the database."""
        self._catalogue.close()

    def _follow(self) -> View:
        """Return a view of what the writer has committed."""
        with self._lock:
            version = self._catalogue.version()
            if version != self._version:
                self._view = follow(self._view, self._catalogue, self._part_keys)
                self._version = version
            return self._view


def open_index_reader(directory: Path) -> SqliteIndexReader:
    """Open an index beside the process that writes it.

    Raises:
        StorageError: It is not there, or is damaged.
    """
    return SqliteIndexReader(directory)
