"""The filter before the runs of an index: no history of what can happen to it makes it hold back a key of a run."""

import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from log_server.storage.memory import MemoryIndex
from log_server.storage.protocol import IndexRow, StorageError
from log_server.storage.sqlite_index import SqliteIndex
from tests.support.filter_writer import save
from tests.support.storage_contract import key
from tests.support.write_gaps import Gaps, watch

KEYS = 600
PART_KEYS = st.integers(1, 6)


class Stop(StorageError):
    """The process ended between two writes."""

    def __init__(self) -> None:
        super().__init__("the index", "stopped by the test")


def stop() -> None:
    raise Stop


class FilterMachine(RuleBasedStateMachine):
    """Adds, sorts, merges, crashes, and meddles with the saved tables while the index is closed."""

    @initialize(part_keys=PART_KEYS)
    def begin(self, part_keys: int) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.older = self.directory / "older"
        self.wanted = MemoryIndex()
        self.index = SqliteIndex(self.directory / "index", part_keys=part_keys)

    def again(self, part_keys: int) -> None:
        self.index = SqliteIndex(self.directory / "index", part_keys=part_keys)

    @rule(begin=st.integers(0, KEYS - 60), count=st.integers(1, 60), step=st.integers(1, 9))
    def add(self, begin: int, count: int, step: int) -> None:
        for first in range(begin, begin + count, step):
            rows = [IndexRow(self.wanted.size, tuple(key(n) for n in range(first, first + step)))]
            self.wanted.add(rows)
            self.index.add(rows)

    @rule()
    def tidy(self) -> None:
        self.index.tidy()

    @rule(part_keys=PART_KEYS)
    def crash(self, part_keys: int) -> None:
        self.index.close()  # what it saves is nothing
        self.again(part_keys)

    @rule(number=st.integers(0, 20), part_keys=PART_KEYS)
    def crash_while_saving(self, number: int, part_keys: int) -> None:
        self.index.tidy()
        if self.index._view.runs:  # not as a precondition: before that it is a matter of time whether there are any
            with watch(self.index, Gaps(stop, number)), suppress(Stop):
                save(self.index)
        self.crash(part_keys)

    @rule()
    def clear(self) -> None:
        self.wanted.clear()
        self.index.clear()
        shutil.rmtree(self.older, ignore_errors=True)

    @rule(part_keys=PART_KEYS)
    def copy(self, part_keys: int) -> None:
        self.index.close()
        shutil.rmtree(self.older, ignore_errors=True)
        shutil.copytree(self.directory / "index", self.older)
        self.again(part_keys)

    @precondition(lambda self: self.older.exists())
    @rule(part_keys=PART_KEYS)
    def put_older_tables_back(self, part_keys: int) -> None:
        """Let the database name the tables of an earlier time, whose files are here again."""
        self.index.close()
        for path in self.older.glob("table.*"):
            shutil.copy(path, self.directory / "index")
        with closing(sqlite3.connect(self.directory / "index" / "index.db", isolation_level=None)) as connection:
            connection.execute("ATTACH ? AS older", (str(self.older / "index.db"),))
            connection.execute("DELETE FROM main.filter")
            connection.execute("INSERT INTO main.filter SELECT * FROM older.filter")
        self.again(part_keys)

    @rule(place=st.integers(0, 9), at=st.floats(0, 0.999), part_keys=PART_KEYS, flip=st.integers(0, 255))
    def damage(self, place: int, at: float, flip: int, part_keys: int) -> None:
        self.index.close()
        files = sorted((self.directory / "index").glob("table.*"))
        if files:
            path = files[place % len(files)]
            content = bytearray(path.read_bytes())
            content[int(len(content) * at)] ^= flip
            path.write_bytes(content if flip else content[: int(len(content) * at)])
        self.again(part_keys)

    @invariant()
    def all_keys_are_found(self) -> None:
        keys = [key(number) for number in range(KEYS + 9)]
        assert self.index.first(keys) == self.wanted.first(keys)

    def teardown(self) -> None:
        if hasattr(self, "index"):
            self.index.close()
            shutil.rmtree(self.directory)


TestIndexFilter = FilterMachine.TestCase
TestIndexFilter.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
