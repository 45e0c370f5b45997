"""A log that does not verify is not opened, and the error names the file and the entry."""

from collections.abc import Callable

import pytest

from log_server.storage.memory import MemoryIndex, MemoryJournal
from log_server.storage.protocol import JournalRecord
from log_server.tlog.reader import LogDamaged
from log_server.tlog.recover import recover
from log_server.tlog.sequencer import Storage
from tests.support.whole_log import FORM, Witnessed, check_whole_log, drafts, memory_storage, open_sequencer


def build_log(size: int = 600, forget: int = 512) -> tuple[Storage, Witnessed]:
    storage, witnessed = memory_storage(), Witnessed()
    sequencer = open_sequencer(storage)
    for first in range(0, size, 50):
        batch = drafts(first, min(50, size - first))
        witnessed.note(batch, sequencer.sequence(batch, 1_000 + first))
    storage.journal.forget(forget)
    return storage, witnessed


def flip(content: bytes, at: int = -1) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("forget", [0, 256, 512])
def test_a_log_recovers_from_full_tiles_and_the_journal(forget: int) -> None:
    storage, witnessed = build_log(forget=forget)
    tip = recover(storage, FORM)
    assert tip == open_sequencer(storage).tip
    assert check_whole_log(storage, witnessed).size == 600


@pytest.mark.parametrize("size", [256, 512, 65_536 + 300])
def test_sizes_at_which_tiles_end(size: int) -> None:
    storage = memory_storage()
    sequencer = open_sequencer(storage)
    for first in range(0, size, 1_024):
        sequencer.sequence(drafts(first, min(1_024, size - first)), 1_000)
    storage.journal.forget(size // 256 * 256)
    assert recover(storage, FORM) == sequencer.tip


def test_partial_tiles_are_made_again() -> None:
    storage, witnessed = build_log()
    for name in list(storage.objects.names("tile/")) + list(storage.objects.names("annotations/")):
        if ".p/" in name:
            storage.objects.delete(name)
    open_sequencer(storage)
    check_whole_log(storage, witnessed)


def test_all_that_a_power_cut_took_is_made_again_and_no_more() -> None:
    """Nothing of what is stored is durable before `settle`; a partial tile that is full by now is not wanted back."""
    storage, witnessed = build_log(forget=0)
    for folder in ("tile/", "annotations/"):
        for name in list(storage.objects.names(folder)):
            storage.objects.delete(name)
    open_sequencer(storage)
    check_whole_log(storage, witnessed)
    partial = {name for name in storage.objects.names("tile/") if ".p/" in name}
    assert partial == {"tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"}


def test_an_index_that_lags_is_brought_up() -> None:
    storage, witnessed = build_log(forget=0)
    behind = Storage(storage.objects, storage.journal, MemoryIndex())
    open_sequencer(behind)
    check_whole_log(behind, witnessed)


def test_a_lost_checkpoint_is_published_again() -> None:
    storage, witnessed = build_log()
    storage.objects.delete("checkpoint")
    open_sequencer(storage)
    check_whole_log(storage, witnessed)


Damage = Callable[[Storage], Storage]


def with_journal(storage: Storage, records: list[JournalRecord]) -> Storage:
    journal = MemoryJournal()
    journal._records = records
    return Storage(storage.objects, journal, storage.index)


def change_object(name: str, change: Callable[[bytes], bytes | None]) -> Damage:
    def damage(storage: Storage) -> Storage:
        content = storage.objects.get(name)
        assert content is not None
        changed = change(content)
        storage.objects.delete(name)
        if changed is not None:
            storage.objects.put(name, changed)
        return storage

    return damage


def change_last_record(storage: Storage) -> Storage:
    *others, last = storage.journal.records()
    return with_journal(storage, [*others, JournalRecord(last.start, last.end, flip(last.content))])


def shorten_last_record(storage: Storage) -> Storage:
    *others, last = storage.journal.records()
    return with_journal(storage, [*others, JournalRecord(last.start, last.end, last.content[:-1])])


def drop_last_record(storage: Storage) -> Storage:
    *others, _ = storage.journal.records()
    return with_journal(storage, others)


def drop_middle_record(storage: Storage) -> Storage:
    first, _, *others = storage.journal.records()
    return with_journal(storage, [first, *others])


def lose_the_index(storage: Storage) -> Storage:
    return Storage(storage.objects, storage.journal, MemoryIndex())


def index_of_a_longer_log(storage: Storage) -> Storage:
    longer, _ = build_log(size=650)
    return Storage(storage.objects, storage.journal, longer.index)


def checkpoint_of_another_log(storage: Storage) -> Storage:
    other = memory_storage()
    open_sequencer(other).sequence(drafts(5_000, 600), 1_000)
    raw = other.objects.get("checkpoint")
    assert raw is not None
    storage.objects.put("checkpoint", raw)
    return storage


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a leaf hash changed": (change_object("tile/0/001", lambda raw: flip(raw, 0)), "tile/entries/001"),
    "a full tile is gone": (change_object("tile/0/000", lambda _: None), "tile/0/000"),
    "a full tile is one hash short": (change_object("tile/0/000", lambda raw: raw[:-32]), "tile/0/000"),
    "the last full tile is one hash short": (change_object("tile/0/001", lambda raw: raw[:-32]), "tile/0/001"),
    "a full tile is cut": (change_object("tile/0/000", lambda raw: raw[:-1]), "tile/0/000"),
    "an entry changed": (change_object("tile/entries/001", lambda raw: flip(raw, 40)), "tile/entries/001"),
    "the entries are gone": (change_object("tile/entries/001", lambda _: None), "tile/entries/001"),
    "the annotations are cut": (change_object("annotations/001", lambda raw: raw[:-1]), "annotations/001"),
    "the newest record changed": (change_last_record, "the journal record"),
    "the newest record is cut": (shorten_last_record, "the journal record"),
    "the newest record is gone": (drop_last_record, "checkpoint"),
    "a record is gone": (drop_middle_record, "the journal record"),
    "the index is gone": (lose_the_index, "the index"),
    "the index is ahead": (index_of_a_longer_log, "the index"),
    "the checkpoint is another log's": (checkpoint_of_another_log, "checkpoint"),
    "the checkpoint is no note": (change_object("checkpoint", lambda raw: raw[:20]), "checkpoint"),
}


@pytest.mark.parametrize(("damage", "named"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_log_is_not_opened(damage: Damage, named: str) -> None:
    storage, _ = build_log(forget=450)
    recover(storage, FORM)
    damaged = damage(storage)
    with pytest.raises(LogDamaged) as caught:
        recover(damaged, FORM)
    assert caught.value.name.startswith(named)


def test_an_entry_that_does_not_match_is_named() -> None:
    storage, _ = build_log(forget=450)
    change_object("tile/entries/001", lambda raw: flip(raw, 10))(storage)
    with pytest.raises(LogDamaged) as caught:
        recover(storage, FORM)
    assert "entry 256" in caught.value.why
