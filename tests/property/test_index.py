"""The index in SQLite against the one in memory, under any order of what can happen to it."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from log_server.storage.memory import MemoryIndex
from log_server.storage.protocol import IndexRow
from log_server.storage.sqlite_index import SqliteIndex, SqliteIndexReader
from tests.support.storage_contract import key

KEYS = st.integers(0, 12).map(key)


class IndexMachine(RuleBasedStateMachine):
    """Adds, sorts, merges, opens again and builds anew, while a reader of its own looks on."""

    @initialize(part_keys=st.integers(1, 9))
    def begin(self, part_keys: int) -> None:
        self.part_keys = part_keys
        self.directory = Path(tempfile.mkdtemp())
        self.wanted = MemoryIndex()
        self.index = SqliteIndex(self.directory, part_keys=part_keys)
        self.reader = SqliteIndexReader(self.directory, part_keys=part_keys)

    @rule(batch=st.lists(st.lists(KEYS, max_size=4), max_size=6))
    def add(self, batch: list[list[bytes]]) -> None:
        rows = [IndexRow(index, tuple(keys)) for index, keys in enumerate(batch, self.wanted.size)]
        self.wanted.add(rows)
        self.index.add(rows)

    @rule()
    def tidy(self) -> None:
        self.index.tidy()

    @rule()
    def open_again(self) -> None:
        self.index.close()
        self.index = SqliteIndex(self.directory, part_keys=self.part_keys)

    @rule(part_keys=st.integers(1, 9))
    def read_with_other_parts(self, part_keys: int) -> None:
        self.reader.close()
        self.reader = SqliteIndexReader(self.directory, part_keys=part_keys)

    @rule()
    def clear(self) -> None:
        self.wanted.clear()
        self.index.clear()

    @rule(wanted=KEYS, after=st.integers(-1, 40), limit=st.integers(1, 9))
    def search(self, wanted: bytes, after: int, limit: int) -> None:
        expected = self.wanted.search(wanted, after=after, limit=limit)
        for looked in (self.index, self.reader):
            assert list(looked.search(wanted, after=after, limit=limit)) == expected

    @invariant()
    def all_keys_are_found(self) -> None:
        keys = [key(number) for number in range(14)]
        for looked in (self.index, self.reader):
            assert looked.size == self.wanted.size
            assert looked.first(keys) == self.wanted.first(keys)
            assert looked.count() == self.wanted.count()

    def teardown(self) -> None:
        if hasattr(self, "index"):
            self.reader.close()
            self.index.close()
            shutil.rmtree(self.directory)


TestIndex = IndexMachine.TestCase
TestIndex.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
