"""The storage that fails as told: without faults it keeps the contracts, with them it fails where it should."""

import pytest

from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from log_server.storage.protocol import IndexRow, JournalRecord, OutcomeUnknown, StorageError
from tests.support.fault_store import (
    FAULTS,
    Crash,
    Faults,
    FaultyIndex,
    FaultyJournal,
    FaultyObjects,
    Moment,
    VolatileIndex,
    VolatileObjects,
)
from tests.support.storage_contract import IndexContract, JournalContract, ObjectStoreContract, key


class TestFaultyObjects(ObjectStoreContract):
    @pytest.fixture
    def objects(self) -> FaultyObjects:
        return FaultyObjects(MemoryObjects(), Faults())


class TestFaultyJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> FaultyJournal:
        return FaultyJournal(MemoryJournal(), Faults())


class TestFaultyIndex(IndexContract):
    @pytest.fixture
    def index(self) -> FaultyIndex:
        return FaultyIndex(MemoryIndex(), Faults())


class TestVolatileObjects(ObjectStoreContract):
    @pytest.fixture
    def objects(self) -> VolatileObjects:
        return VolatileObjects()


class TestVolatileIndex(IndexContract):
    @pytest.fixture
    def index(self) -> VolatileIndex:
        return VolatileIndex()


def write_all(faults: Faults, inner: tuple[MemoryObjects, MemoryJournal, MemoryIndex]) -> None:
    """Make one write of each kind."""
    objects, journal, index = (
        FaultyObjects(inner[0], faults),
        FaultyJournal(inner[1], faults),
        FaultyIndex(inner[2], faults),
    )
    journal.append(JournalRecord(0, 1, b""))
    objects.put("name", b"")
    index.add([IndexRow(0, (key(1),))])
    objects.settle()
    index.settle()
    journal.forget(1)
    objects.delete("name")
    index.clear()


def test_every_write_is_counted() -> None:
    faults = Faults()
    write_all(faults, (MemoryObjects(), MemoryJournal(), MemoryIndex()))
    assert faults.count == 8


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize(("fault", "kind"), [("refused", StorageError), ("unknown", OutcomeUnknown), ("crash", Crash)])
def test_the_chosen_write_fails(place: int, moment: Moment, fault: str, kind: type[BaseException]) -> None:
    inner = (MemoryObjects(), MemoryJournal(), MemoryIndex())
    faults = Faults(place, moment, FAULTS[fault])
    with pytest.raises(kind) as caught:
        write_all(faults, inner)
    assert type(caught.value) is kind
    assert faults.count == place + 1
    done = place + (moment is Moment.AFTER)
    assert len(list(inner[1].records())) == (done > 0)
    assert (inner[0].get("name") is not None) == (1 < done < 7)
    assert inner[2].size == (2 < done < 8)


def test_a_crashed_process_does_not_write_again() -> None:
    objects = MemoryObjects()
    faults = Faults(0)
    faulty = FaultyObjects(objects, faults)
    for _ in range(2):
        with pytest.raises(Crash):
            faulty.put("name", b"")
    assert objects.get("name") is None
    faults.restart()
    faulty.put("name", b"")
    assert objects.get("name") == b""


def test_a_power_cut_leaves_what_was_settled() -> None:
    objects, index = VolatileObjects(), VolatileIndex()
    objects.put("a", b"settled")
    index.add([IndexRow(0, (key(1),))])
    objects.settle()
    index.settle()
    objects.put("b", b"lost")
    objects.delete("a")
    index.add([IndexRow(1, (key(1), key(2)))])
    for _ in range(2):
        objects.cut_power()
        index.cut_power()
        assert (objects.get("a"), objects.get("b")) == (b"settled", None)
        assert (index.size, index.search(key(1), limit=9), index.first([key(2)])) == (1, [0], {})
