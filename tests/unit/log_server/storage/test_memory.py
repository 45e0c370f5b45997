"""The ports in memory: the contract, and nothing else."""

import pytest

from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from tests.support.storage_contract import IndexContract, JournalContract, ObjectStoreContract


class TestMemoryObjects(ObjectStoreContract):
    @pytest.fixture
    def objects(self) -> MemoryObjects:
        return MemoryObjects()


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> MemoryJournal:
        return MemoryJournal()


class TestMemoryIndex(IndexContract):
    @pytest.fixture
    def index(self) -> MemoryIndex:
        return MemoryIndex()
