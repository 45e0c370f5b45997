"""What every implementation of a storage port must do: one suite for each port.

A test module derives a class from one of these and gives it a fixture `objects`, `journal` or `index`.
"""

from collections.abc import Sequence
from hashlib import sha256

import pytest

from log_server.storage.protocol import (
    KEY_SIZE,
    HeadMoved,
    Index,
    IndexRow,
    Journal,
    JournalRecord,
    ObjectStore,
)


def key(number: int) -> bytes:
    """Make an index key, different for each number and as random as a hash, which it is."""
    return sha256(number.to_bytes(8, "big")).digest()[:KEY_SIZE]


class ObjectStoreContract:
    """Objects are there as they were put, or not at all."""

    def test_an_object_is_read_back(self, objects: ObjectStore) -> None:
        objects.put("tile/0/x001/067.p/12", b"partial")
        objects.put("checkpoint", b"")
        assert objects.get("tile/0/x001/067.p/12") == b"partial"
        assert objects.get("checkpoint") == b""

    def test_an_object_put_again_has_the_new_content(self, objects: ObjectStore) -> None:
        for content in (b"the first and longer one", b"second"):
            objects.put("checkpoint", content)
            assert objects.get("checkpoint") == content

    def test_what_is_not_there_is_none(self, objects: ObjectStore) -> None:
        objects.put("tile/0/000", b"full")
        for name in ("absent", "tile/0/001", "tile", "tile/0", "tile/0/000/below"):
            assert objects.get(name) is None

    def test_a_deleted_object_is_gone_and_may_be_deleted_again(self, objects: ObjectStore) -> None:
        objects.put("tile/0/000", b"one")
        objects.put("tile/0/001", b"other")
        for _ in range(2):
            objects.delete("tile/0/000")
            assert objects.get("tile/0/000") is None
        objects.delete("never/there")
        assert objects.get("tile/0/001") == b"other"

    def test_names_are_those_below_the_prefix(self, objects: ObjectStore) -> None:
        below = {"tile/0/000", "tile/0/x001/000", "tile/1/000.p/3"}
        for name in (*below, "tiles/0", "checkpoint"):
            objects.put(name, b"")
        assert sorted(objects.names("tile/")) == sorted(below)
        assert list(objects.names("tile/0/x001/")) == ["tile/0/x001/000"]
        assert list(objects.names("absent/")) == []

    def test_settling_changes_nothing_that_can_be_read(self, objects: ObjectStore) -> None:
        objects.settle()
        objects.put("a/b/c", b"kept")
        objects.put("a/b/d", b"deleted before it was durable")
        objects.delete("a/b/d")
        for _ in range(2):
            objects.settle()
        assert (objects.get("a/b/c"), objects.get("a/b/d")) == (b"kept", None)

    @pytest.mark.parametrize(
        "name", ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.b", ".hidden", "a\0b", "a b", "a\n", "ä"]
    )
    def test_a_name_that_could_lead_elsewhere_is_refused(self, objects: ObjectStore, name: str) -> None:
        for act in (objects.get, objects.delete, lambda name: objects.put(name, b"")):
            with pytest.raises(ValueError, match=r"^"):
                act(name)


def batches(*ends: int) -> Sequence[JournalRecord]:
    """Make records that follow one another, of sizes that differ."""
    return [
        JournalRecord(start, end, b"entries %d to %d " % (start, end) * (end % 7))
        for start, end in zip((0, *ends), ends, strict=False)
    ]


class JournalContract:
    """An append succeeds only at the head, and what is kept begins somewhere and has no gap."""

    def test_records_are_yielded_in_the_order_of_their_appending(self, journal: Journal) -> None:
        assert list(journal.records()) == []
        made = batches(1, 3, 256, 257)
        for count, batch in enumerate(made, 1):
            journal.append(batch)
            assert list(journal.records()) == made[:count]

    @pytest.mark.parametrize("start", [0, 2, 4])
    def test_an_append_elsewhere_than_at_the_head_is_refused(self, journal: Journal, start: int) -> None:
        made = batches(1, 3)
        for batch in made:
            journal.append(batch)
        with pytest.raises(HeadMoved):
            journal.append(JournalRecord(start, 9, b"fork"))
        assert list(journal.records()) == made
        journal.append(JournalRecord(3, 4, b"the next"))

    def test_an_empty_journal_ends_at_zero(self, journal: Journal) -> None:
        with pytest.raises(HeadMoved):
            journal.append(JournalRecord(1, 2, b""))
        journal.append(JournalRecord(0, 1, b""))

    def test_records_up_to_a_size_may_be_forgotten(self, journal: Journal) -> None:
        made = batches(*range(1, 20))
        for batch in made:
            journal.append(batch)
        journal.forget(10)
        kept = list(journal.records())
        assert kept == made[len(made) - len(kept) :]
        assert kept[0].start <= 10

    def test_the_newest_record_is_never_forgotten(self, journal: Journal) -> None:
        made = batches(*range(1, 20))
        for batch in made:
            journal.append(batch)
            journal.forget(batch.end + 1)
            assert list(journal.records())[-1] == batch
        journal.append(JournalRecord(19, 20, b"the next"))


class IndexContract:
    """Every key finds every entry it was given for, in order, at once and for ever."""

    def test_an_empty_index_finds_nothing(self, index: Index) -> None:
        assert index.size == 0
        assert index.first([key(1)]) == {}
        assert index.search(key(1), limit=10) == []
        assert index.count() == 0

    def test_what_was_added_is_found_at_once(self, index: Index) -> None:
        index.add([IndexRow(0, (key(1), key(2)))])
        index.add([IndexRow(1, (key(3),)), IndexRow(2, ())])
        assert index.size == 3
        assert index.first([key(3), key(4), key(1), key(2)]) == {key(1): 0, key(2): 0, key(3): 1}
        assert index.search(key(2), limit=1) == [0]
        assert index.count() == 3

    def test_adding_nothing_changes_nothing(self, index: Index) -> None:
        index.add([])
        assert index.size == 0

    def test_many_entries_of_a_key_come_in_pages(self, index: Index) -> None:
        common = key(7)
        for start in range(0, 60, 6):
            index.add(
                [IndexRow(n, (key(100 + n), common) if n % 3 else (key(100 + n),)) for n in range(start, start + 6)]
            )
        wanted = [n for n in range(60) if n % 3]
        found: list[int] = []
        while page := index.search(common, after=found[-1] if found else -1, limit=7):
            assert len(page) <= 7
            found += page
        assert found == wanted
        assert index.first([common, key(159)]) == {common: 1, key(159): 59}
        assert index.search(common, after=59, limit=7) == []

    def test_a_key_given_twice_for_an_entry_finds_it_once(self, index: Index) -> None:
        index.add([IndexRow(0, (key(1), key(1)))])
        assert (index.search(key(1), limit=10), index.count()) == ([0], 1)

    @pytest.mark.parametrize("first", [0, 2])
    def test_rows_that_do_not_continue_are_refused(self, index: Index, first: int) -> None:
        index.add([IndexRow(0, (key(1),))])
        with pytest.raises(ValueError, match="IndexRow"):
            index.add([IndexRow(first, (key(2),))])
        with pytest.raises(ValueError, match="IndexRow"):
            index.add([IndexRow(1, (key(2),)), IndexRow(3, (key(2),))])
        assert (index.size, index.first([key(2)])) == (1, {})

    def test_a_key_of_another_size_is_refused(self, index: Index) -> None:
        for wrong in (b"", key(1)[1:], key(1) + b"\0"):
            with pytest.raises(ValueError, match="IndexRow"):
                index.add([IndexRow(0, (wrong,))])
        assert index.size == 0

    def test_settling_changes_nothing_that_can_be_read(self, index: Index) -> None:
        index.settle()
        index.add([IndexRow(0, (key(1),))])
        index.settle()
        assert (index.size, index.first([key(1)])) == (1, {key(1): 0})

    def test_a_cleared_index_is_built_anew(self, index: Index) -> None:
        for _ in range(2):
            index.add([IndexRow(n, (key(n), key(99))) for n in range(20)])
            assert index.search(key(99), limit=100) == list(range(20))
            index.clear()
            assert (index.size, index.first([key(1), key(99)])) == (0, {})
            assert index.search(key(99), limit=100) == []
