"""What is wrong is found, wherever it is; and what follows from the entries can be made again."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from log_server.storage.protocol import IndexRow
from log_server.tlog.entry_form import PlainForm
from log_server.tlog.fsck import (
    Finding,
    check_bundle,
    check_digests,
    check_levels,
    check_surplus,
    count_keys,
    rebuild_index,
    rebuild_journal,
    rebuild_tiles,
)
from log_server.tlog.reader import LogDamaged, LogReader
from log_server.tlog.sequencer import Storage
from tests.support.whole_log import (
    FORM,
    Witnessed,
    check_whole_log,
    drafts,
    memory_storage,
    open_reader,
    open_sequencer,
)

SIZE = 1_000


def build_log(size: int = SIZE) -> tuple[Storage, Witnessed]:
    storage, witnessed = memory_storage(), Witnessed()
    sequencer = open_sequencer(storage)
    for first in range(0, size, 250):
        batch = drafts(first, min(250, size - first))
        witnessed.note(batch, sequencer.sequence(batch, 1_000 + first))
    return storage, witnessed


def check(storage: Storage) -> list[Finding]:
    reader = open_reader(storage)
    bundles = [finding for number in range(4) for finding in check_bundle(reader, number)]
    return bundles + list(check_levels(reader))


def flip(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def change(storage: Storage, name: str, how: Callable[[bytes], bytes]) -> None:
    content = storage.objects.get(name)
    assert content is not None
    storage.objects.delete(name)
    storage.objects.put(name, how(content))


def swap_annotations(content: bytes) -> bytes:
    """Exchange the first two, which are as long as each other."""
    size = 9 + 16 * content[8]
    return content[size : 2 * size] + content[:size] + content[2 * size :]


def test_a_sound_log_has_no_findings() -> None:
    storage, _ = build_log()
    assert check(storage) == []


@pytest.mark.parametrize(
    ("name", "how", "found"),
    [
        ("tile/entries/001", lambda raw: flip(raw, 5), ("tile/entries/001", 256)),
        ("tile/entries/003.p/232", lambda raw: flip(raw, 5), ("tile/entries/003", 768)),
        ("tile/entries/001", lambda raw: raw[:-1], ("tile/entries/001", None)),
        ("tile/0/001", lambda raw: flip(raw, 32), ("tile/entries/001", 257)),
        ("tile/0/001", lambda raw: raw[:-32], ("tile/entries/001", None)),
        ("tile/1/000.p/3", lambda raw: flip(raw, 32), ("tile/1/000", None)),
        ("annotations/001", swap_annotations, ("annotations/001", 256)),
        ("annotations/001", lambda raw: raw[:-1], ("annotations/001", None)),
    ],
)
def test_a_changed_file_is_named(name: str, how: Callable[[bytes], bytes], found: tuple[str, int | None]) -> None:
    storage, _ = build_log()
    change(storage, name, how)
    findings = check(storage)
    assert found in [(finding.name, finding.index) for finding in findings]


@pytest.mark.parametrize("name", ["tile/entries/001", "tile/0/001", "tile/1/000.p/3", "annotations/001"])
def test_a_missing_file_is_named(name: str) -> None:
    storage, _ = build_log()
    storage.objects.delete(name)
    assert name.partition(".p/")[0] in {finding.name.partition(".p/")[0] for finding in check(storage)}


def test_a_root_that_is_not_that_of_the_tiles_is_found() -> None:
    storage, _ = build_log()
    other = memory_storage()
    open_sequencer(other).sequence(drafts(7_000, SIZE), 1_000)
    raw = other.objects.get("checkpoint")
    assert raw is not None
    storage.objects.put("checkpoint", raw)
    assert [finding.name for finding in check(storage)] == ["checkpoint"]


def test_a_key_that_the_index_lacks_is_found() -> None:
    storage, _ = build_log()
    index = MemoryIndex()
    index.add([IndexRow(number, (number.to_bytes(16, "big"),)) for number in range(SIZE)])
    findings = check(Storage(storage.objects, storage.journal, index))
    assert {finding.name for finding in findings} == {"index"}
    assert len(findings) == SIZE


@pytest.mark.parametrize("lacking", [1, 255, 256, 400, 999])
def test_a_key_that_finds_other_entries_and_not_this_one_is_found(lacking: int) -> None:
    """Seven letters are the search keys of all entries; one of them is not found by its letter."""
    storage, _ = build_log()
    reader, index = open_reader(storage), MemoryIndex()
    keys = [annotation.keys for number in range(4) for annotation in reader.annotations(number)]
    assert {len(found) for found in keys} == {2}
    letter = keys[lacking][-1]
    index.add([IndexRow(at, keys[at][:-1] if at == lacking else keys[at]) for at in range(SIZE)])
    assert index.first([letter])[letter] != lacking
    findings = check(Storage(storage.objects, storage.journal, index))
    assert [(finding.name, finding.index) for finding in findings] == [("index", lacking)]


def test_a_key_that_no_entry_has_is_found() -> None:
    """It would find an entry that is another, and call a new one a duplicate of it."""
    storage, _ = build_log()
    reader, index = open_reader(storage), MemoryIndex()
    keys = [annotation.keys for number in range(4) for annotation in reader.annotations(number)]
    index.add([IndexRow(at, (*keys[at], b"of no entry here") if at == 400 else keys[at]) for at in range(SIZE)])
    found = open_reader(Storage(storage.objects, storage.journal, index))
    wanted = sum(count_keys(found, number) for number in range(4))
    assert check(Storage(storage.objects, storage.journal, index)) == []
    assert [finding.name for finding in check_surplus(found, wanted)] == ["index"]
    assert list(check_surplus(reader, wanted)) == []


def test_what_is_called_by_its_digest_is_that() -> None:
    objects = MemoryObjects()
    for content in (b"one", b"two"):
        objects.put(f"attestations/sha256-{sha256(content).hexdigest()}", content)
        objects.put(f"issuer/{sha256(content).hexdigest()}", content)
    assert [*check_digests(objects, "attestations"), *check_digests(objects, "issuer")] == []
    for name in (f"attestations/sha256-{sha256(b'one').hexdigest()}", f"issuer/{sha256(b'two').hexdigest()}"):
        objects.put(name, b"other")
        assert [finding.name for finding in check_digests(objects, name.partition("/")[0])] == [name]


class NeedyForm(PlainForm):
    """Entries that cannot be shown without something."""

    def needed(self, entry: bytes) -> tuple[str, ...]:
        return (f"letters/{self.merkle_leaf(entry)[:1].decode()}",)


def test_what_entries_need_is_missed() -> None:
    storage, _ = build_log(20)
    reader = LogReader(storage.objects, storage.index, NeedyForm())
    for letter in "0123456":
        storage.objects.put(f"letters/{letter}", b"")
    assert check_bundle(reader, 0) == ()
    storage.objects.delete("letters/3")
    assert [finding.name for finding in check_bundle(reader, 0)] == ["letters/3"]


def test_a_finding_reads_well() -> None:
    assert str(Finding("tile/0/001", "it is gone")) == "tile/0/001: it is gone"
    assert str(Finding("tile/0/001", "it is wrong", 300)) == "tile/0/001, entry 300: it is wrong"


def test_tiles_are_made_again_from_the_entries() -> None:
    storage, witnessed = build_log()
    for name in list(storage.objects.names("tile/")):
        if name.startswith(("tile/0/", "tile/1/")):
            storage.objects.delete(name)
    change_count = rebuild_tiles(storage.objects, open_reader(storage))
    assert change_count == 5
    check_whole_log(storage, witnessed)
    assert rebuild_tiles(storage.objects, open_reader(storage)) == 0


def test_tiles_are_not_made_from_entries_that_are_wrong() -> None:
    storage, _ = build_log()
    change(storage, "tile/entries/001", lambda raw: flip(raw, 5))
    storage.objects.delete("tile/0/000")
    with pytest.raises(LogDamaged):
        rebuild_tiles(storage.objects, open_reader(storage))
    assert storage.objects.get("tile/0/000") is None


def test_a_tile_that_was_partial_on_the_way_is_made_whole() -> None:
    storage = memory_storage()
    sequencer = open_sequencer(storage)
    sequencer.sequence(drafts(0, 65_536 + 1), 1_000)
    for name in list(storage.objects.names("tile/")):
        if name.startswith(("tile/1/", "tile/2/")):
            storage.objects.delete(name)
    assert rebuild_tiles(storage.objects, open_reader(storage)) == 2
    upper = {name for name in storage.objects.names("tile/") if name.startswith(("tile/1/", "tile/2/"))}
    assert upper == {"tile/1/000", "tile/2/000.p/1"}


def test_an_index_that_is_wrong_is_made_again() -> None:
    storage, witnessed = build_log()
    index = MemoryIndex()
    index.add([IndexRow(0, (b"of another log!!",))])
    assert rebuild_index(index, LogReader(storage.objects, index, FORM)) == SIZE
    assert index.first([b"of another log!!"]) == {}
    check_whole_log(Storage(storage.objects, storage.journal, index), witnessed)


def test_the_index_is_made_again_from_the_annotations() -> None:
    storage, witnessed = build_log()
    index = MemoryIndex()
    reader = LogReader(storage.objects, index, FORM)
    assert rebuild_index(index, reader) == SIZE
    check_whole_log(Storage(storage.objects, storage.journal, index), witnessed)


def times_of_last_tile(storage: Storage) -> list[int]:
    reader = open_reader(storage)
    size = reader.tree().size
    return [annotation.timestamp_ms for annotation in reader.annotations((size - 1) // 256)] if size else []


@pytest.mark.parametrize("size", [0, 1, 256, 300, 512, 1_000])
def test_a_journal_is_made_again_from_the_last_tile(size: int) -> None:
    """The entries keep their times, of which the last tile has several."""
    storage, witnessed = build_log(size)
    times = times_of_last_tile(storage)
    journal = MemoryJournal()
    journal._records += rebuild_journal(open_reader(storage))
    mended = Storage(storage.objects, journal, storage.index)
    sequencer = open_sequencer(mended, 10_000)
    assert times_of_last_tile(mended) == times
    more = drafts(2_000, 300)
    witnessed.note(more, sequencer.sequence(more, 10_000))
    assert check_whole_log(mended, witnessed).size == size + 300
