"""The journal as files: the contract, crashes at every octet, damage, and disks that refuse."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from log_server.storage.journal import FileJournal, read_end
from log_server.storage.protocol import HeadMoved, JournalRecord, OutcomeUnknown, StorageDamaged, StorageError
from log_server.storage.segment import HEAD_SIZE, MAX_CONTENT
from tests.support.storage_contract import JournalContract, batches

SMALL_SEGMENT = 300
"""Octets: a few of the records below to a file."""


class TestFileJournal(JournalContract):
    @pytest.fixture(params=[1, SMALL_SEGMENT, 1 << 20])
    def journal(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FileJournal]:
        with closing(FileJournal(tmp_path / "data" / "journal", segment_size=request.param)) as journal:
            yield journal


def write(directory: Path, made: Sequence[JournalRecord], *, segment_size: int = 1 << 20) -> Path:
    """Write a journal and return its last file."""
    with closing(FileJournal(directory, segment_size=segment_size)) as journal:
        for batch in made:
            journal.append(batch)
    return max(directory.iterdir())


def read(directory: Path) -> list[JournalRecord]:
    with closing(FileJournal(directory)) as journal:
        return list(journal.records())


def test_a_journal_opened_again_goes_on_where_it_ended(tmp_path: Path) -> None:
    made = batches(*range(1, 12))
    for count in range(len(made)):
        write(tmp_path, made[count : count + 1], segment_size=SMALL_SEGMENT)
        assert read(tmp_path) == made[: count + 1]
    assert len(list(tmp_path.iterdir())) > 1
    with closing(FileJournal(tmp_path)) as journal, pytest.raises(HeadMoved):
        journal.append(made[-1])


def test_a_last_record_torn_at_any_octet_is_cut_off(tmp_path: Path) -> None:
    made = batches(1, 3, 9)
    file = write(tmp_path, made[:2])
    before = file.stat().st_size
    whole = write(tmp_path, made[2:]).read_bytes()
    for length in range(before, len(whole)):
        file.write_bytes(whole[:length])
        assert read(tmp_path) == made[:2]
        assert file.stat().st_size == before
    file.write_bytes(whole)
    assert read(tmp_path) == made


def test_a_last_record_of_which_any_octet_is_wrong_is_cut_off(tmp_path: Path) -> None:
    made = batches(1, 3)
    before = write(tmp_path, made[:1]).stat().st_size
    file = write(tmp_path, made[1:])
    whole = file.read_bytes()
    for place in range(before, len(whole)):
        file.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        assert read(tmp_path) == made[:1]


def test_a_record_that_claims_to_be_endless_is_torn(tmp_path: Path) -> None:
    file = write(tmp_path, [])
    salt = file.read_bytes()[HEAD_SIZE - 16 :]
    with file.open("ab") as appended:
        appended.write(salt + b"\0" * 16 + b"\xff" * 8 + b"\0" * 40 + salt)
    assert read(tmp_path) == []


def test_damage_that_a_valid_record_follows_is_refused_naming_file_and_size(tmp_path: Path) -> None:
    made = batches(1, 3, 9)
    file = write(tmp_path, made)
    whole = bytearray(file.read_bytes())
    second = len(whole) - sum(72 + len(batch.content) for batch in made[1:])
    for place in range(second, second + 72 + len(made[1].content)):
        whole[place] ^= 1
        file.write_bytes(whole)
        with pytest.raises(StorageError) as caught:
            FileJournal(tmp_path)
        assert caught.value.what == str(file)
        assert "tree size 1," in caught.value.why
        whole[place] ^= 1


def test_content_that_looks_like_a_record_is_not_mistaken_for_one(tmp_path: Path) -> None:
    inner = write(tmp_path / "other", batches(1)).read_bytes()
    made = [JournalRecord(0, 1, inner * 2)]
    file = write(tmp_path / "journal", made)
    file.write_bytes(file.read_bytes()[:-1])
    assert read(tmp_path / "journal") == []


@pytest.mark.parametrize("damage", [lambda raw: raw[: HEAD_SIZE - 1], lambda raw: b"T" + raw[1:]])
def test_a_damaged_beginning_is_refused(tmp_path: Path, damage: type[bytes]) -> None:
    file = write(tmp_path, batches(1))
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(StorageError) as caught:
        FileJournal(tmp_path)
    assert caught.value.what == str(file)


def test_a_file_missing_in_between_is_refused(tmp_path: Path) -> None:
    write(tmp_path, batches(*range(1, 12)), segment_size=SMALL_SEGMENT)
    files = sorted(tmp_path.iterdir())
    files[1].unlink()
    with pytest.raises(StorageError) as caught:
        FileJournal(tmp_path)
    assert caught.value.what == str(files[2])


def test_a_record_that_does_not_follow_the_one_before_is_refused(tmp_path: Path) -> None:
    made = batches(1, 3, 9)
    file = write(tmp_path, made)
    whole = file.read_bytes()
    second = len(whole) - sum(72 + len(batch.content) for batch in made[1:])
    file.write_bytes(whole[:second] + whole[second + 72 + len(made[1].content) :])
    with pytest.raises(StorageError) as caught:
        FileJournal(tmp_path)
    assert caught.value.what == str(file)


def test_a_file_begun_and_not_yet_written_to_is_gone_on_with(tmp_path: Path) -> None:
    made = batches(1, 3)
    write(tmp_path, made[:1], segment_size=1)
    (tmp_path / ".00000000000000000001").write_bytes(b"half a head")
    write(tmp_path, [], segment_size=1)
    with closing(FileJournal(tmp_path, segment_size=1)) as journal:
        journal.forget(3)
        assert list(journal.records()) == made[:1]
        journal.append(made[1])
        journal.forget(3)
        assert list(journal.records()) == made[1:]
    assert read(tmp_path) == made[1:]


def test_only_whole_files_are_forgotten(tmp_path: Path) -> None:
    made = batches(*range(1, 12))
    write(tmp_path, made, segment_size=SMALL_SEGMENT)
    with closing(FileJournal(tmp_path)) as journal:
        second = int(sorted(tmp_path.iterdir())[1].name)
        journal.forget(second - 1)
        assert list(journal.records()) == made
        journal.forget(second)
        assert list(journal.records()) == made[second:]
    assert read(tmp_path) == made[second:]


def test_a_record_over_the_limit_is_refused_and_the_next_is_not(tmp_path: Path) -> None:
    with closing(FileJournal(tmp_path)) as journal:
        with pytest.raises(StorageError):
            journal.append(JournalRecord(0, 1, bytes(MAX_CONTENT + 1)))
        journal.append(JournalRecord(0, 1, b""))


class Disk:
    """Calls of the system that fail as told, after they did as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def refuse(self, call: str, code: int = errno.EIO) -> None:
        def fail(*_: object) -> None:
            raise OSError(code, os.strerror(code))

        self._patch.setattr(os, call, fail)

    def take_a_part(self, octets: int) -> None:
        writev = os.pwritev
        self._patch.setattr(os, "pwritev", lambda handle, parts, at: writev(handle, [b"".join(parts)[:octets]], at))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = batches(1, 3, 9)
    with closing(FileJournal(tmp_path)) as journal:
        journal.append(made[0])
        with monkeypatch.context():
            disk.take_a_part(20)
            disk.refuse("pwrite", errno.ENOSPC)
            with pytest.raises(StorageError) as caught:
                journal.append(made[1])
            assert not isinstance(caught.value, OutcomeUnknown)
            assert caught.value.what == str(next(tmp_path.iterdir()))
            monkeypatch.undo()
        journal.append(made[1])
        journal.append(made[2])
    assert read(tmp_path) == made


def test_a_write_that_takes_a_part_is_continued(tmp_path: Path, disk: Disk) -> None:
    made = batches(1, 3, 9)
    with closing(FileJournal(tmp_path)) as journal:
        disk.take_a_part(80)
        for batch in made:
            journal.append(batch)
    assert read(tmp_path) == made


@pytest.mark.parametrize("refused", [("fdatasync",), ("pwritev", "ftruncate"), ("pwritev", "fsync")])
def test_where_the_outcome_is_unknown_everything_after_is_refused(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, refused: Sequence[str]
) -> None:
    made = batches(1, 3)
    with closing(FileJournal(tmp_path)) as journal:
        for call in refused:
            disk.refuse(call)
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                journal.append(made[0])
            monkeypatch.undo()
        assert list(journal.records()) in ([], made[:1])
    kept = len(read(tmp_path))
    write(tmp_path, made[kept:])
    assert read(tmp_path) == made


@pytest.mark.parametrize("call", ["fsync", "open"])
def test_a_file_that_cannot_be_begun_leaves_the_journal_as_it_was(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    made = batches(1, 3, 9)
    with closing(FileJournal(tmp_path, segment_size=1)) as journal:
        journal.append(made[0])
        disk.refuse(call)
        with pytest.raises(StorageError):
            journal.append(made[1])
        monkeypatch.undo()
        journal.append(made[1])
        journal.append(made[2])
        assert list(journal.records()) == made
    assert read(tmp_path) == made


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        FileJournal(tmp_path / "journal")
    assert caught.value.what == str(tmp_path / "journal")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which files are made durable, with their sizes then."""
    found: list[str] = []

    def noting(real: Callable[[int], None]) -> Callable[[int], None]:
        def note(handle: int) -> None:
            path = Path(f"/proc/self/fd/{handle}").readlink()
            found.append(f"{path.name} {path.stat().st_size}" if path.is_file() else path.name)
            real(handle)

        return note

    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    return found


FIRST, SECOND = f"{0:020}", f"{1:020}"
OPEN_FILES = Path("/proc/self/fd")


def test_a_file_is_durable_before_its_name_and_its_name_before_a_record(tmp_path: Path, synced: list[str]) -> None:
    """Nothing but a power cut could tell otherwise."""
    directory = tmp_path / "journal"
    write(directory, batches(1, 2), segment_size=1)
    sizes = [f"{name} {(directory / name).stat().st_size}" for name in (FIRST, SECOND)]
    begun = [f".{FIRST} {HEAD_SIZE}", "journal"], [f".{SECOND} {HEAD_SIZE}", "journal"]
    assert synced == [tmp_path.name, *begun[0], sizes[0], *begun[1], sizes[1]]


def test_files_are_forgotten_one_by_one_so_that_a_power_cut_leaves_no_hole(tmp_path: Path, synced: list[str]) -> None:
    with closing(FileJournal(tmp_path, segment_size=1)) as journal:
        for batch in batches(1, 2, 3, 4):
            journal.append(batch)
        synced.clear()
        journal.forget(3)
    assert synced == [tmp_path.name] * 3


@pytest.mark.parametrize("call", ["unlink", "fsync"])
def test_a_file_that_cannot_be_forgotten_leaves_a_journal_that_can_be_read(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    made = batches(1, 2, 3, 4)
    with closing(FileJournal(tmp_path, segment_size=1)) as journal:
        for batch in made:
            journal.append(batch)
        disk.refuse(call, errno.EROFS)
        with pytest.raises(StorageError):
            journal.forget(1)
        monkeypatch.undo()
        assert list(journal.records()) == (made[1:] if call == "fsync" else made)
        journal.forget(6)
        assert list(journal.records()) == made[3:]
    assert read(tmp_path) == made[3:]


def test_what_is_cut_off_is_cut_off_for_good(tmp_path: Path, synced: list[str]) -> None:
    file = write(tmp_path, batches(1))
    whole = file.read_bytes()
    file.write_bytes(whole + b"torn")
    synced.clear()
    assert read(tmp_path) == batches(1)
    assert synced[-1] == f"{file.name} {len(whole)}"


def test_a_journal_leaves_no_file_open(tmp_path: Path) -> None:
    before = len([*OPEN_FILES.iterdir()])
    write(tmp_path, batches(*range(1, 12)), segment_size=1)
    assert len([*OPEN_FILES.iterdir()]) == before


@pytest.mark.parametrize("name", ["1", "x" * 20, "00000000000000000000.bak"])
def test_files_of_others_are_left_alone(tmp_path: Path, name: str) -> None:
    write(tmp_path, batches(1))
    (tmp_path / name).write_bytes(b"not a journal")
    assert read(tmp_path) == batches(1)


@pytest.mark.parametrize(("more", "files"), [(0, 2), (1, 1)])
def test_a_file_that_has_its_size_is_followed_by_another(tmp_path: Path, more: int, files: int) -> None:
    first, second = batches(1, 2)
    size = write(tmp_path, [first]).stat().st_size
    write(tmp_path, [second], segment_size=size + more)
    assert len([*tmp_path.iterdir()]) == files
    assert read(tmp_path) == [first, second]


def test_a_journal_is_looked_at_without_changing_it(tmp_path: Path) -> None:
    made = batches(*range(1, 12))
    torn = write(tmp_path, made, segment_size=SMALL_SEGMENT)
    torn.write_bytes(torn.read_bytes() + b"torn")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert read_end(tmp_path) == made[-1].end
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    oldest, second, *_ = sorted(tmp_path.iterdir())
    oldest.unlink()  # as if it were forgotten
    assert read_end(tmp_path) == made[-1].end
    oldest.write_bytes(before[oldest])
    second.unlink()
    with pytest.raises(StorageDamaged):
        read_end(tmp_path)


def test_a_journal_without_files_ends_at_0(tmp_path: Path) -> None:
    assert read_end(tmp_path) == 0
