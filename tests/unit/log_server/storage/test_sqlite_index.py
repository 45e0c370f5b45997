"""The index in SQLite: the contract with parts and runs of every size, writer and readers, and damage."""

import errno
import os
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event, Thread, get_ident

import pytest

from log_server.storage.index_chore import Chore
from log_server.storage.index_runs import RunName
from log_server.storage.memory import MemoryIndex
from log_server.storage.protocol import IndexRow, OutcomeUnknown, StorageError
from log_server.storage.sqlite_index import (
    MAX_PARTS,
    MAX_RUNS,
    SqliteIndex,
    SqliteIndexReader,
    open_index_reader,
    select_runs,
)
from tests.support.storage_contract import IndexContract, key

SMALL_PART = 20
"""Keys of a part, so that few entries make many runs of all levels."""


class TestSqliteIndex(IndexContract):
    @pytest.fixture(params=[1, 7, 1 << 17])
    def index(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SqliteIndex]:
        with closing(SqliteIndex(tmp_path / "data" / "index", part_keys=request.param)) as index:
            yield index


def rows(begin: int, end: int) -> Sequence[IndexRow]:
    """Make entries of two keys that are theirs alone and one that many have."""
    return [IndexRow(n, (key(n), key(1_000_000 + n), key(2_000_000 + n % 7))) for n in range(begin, end)]


def fill(index: SqliteIndex, end: int, *, step: int = 3) -> None:
    for begin in range(index.size, end, step):
        index.add(rows(begin, min(begin + step, end)))


def check(index: SqliteIndex | SqliteIndexReader, size: int) -> None:
    """Compare all look-ups with the index in memory."""
    wanted = MemoryIndex()
    wanted.add(rows(0, size))
    assert (index.size, index.count()) == (size, wanted.count())
    keys = [key(n + offset) for n in range(size + 9) for offset in (0, 1_000_000, 2_000_000)]
    assert index.first(keys) == wanted.first(keys)
    for common in range(7):
        for after, limit in ((-1, 1000), (size // 2, 5), (size - 2, 5)):
            found = index.search(key(2_000_000 + common), after=after, limit=limit)
            assert list(found) == wanted.search(key(2_000_000 + common), after=after, limit=limit)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
        yield index


def test_records_pass_through_all_levels_and_are_found_at_each(tmp_path: Path, index: SqliteIndex) -> None:
    for size in range(0, 1000, 37):
        fill(index, size)
        check(index, size)
    index.tidy()
    check(index, 999)
    runs = [path for path in tmp_path.iterdir() if "-" in path.name.removeprefix("index.db-")]
    assert len(runs) <= 7 * 3  # at most seven of each level


def test_an_index_opened_again_holds_what_was_added(tmp_path: Path) -> None:
    for size in (1, 10, 300, 301, 700):
        with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
            fill(index, size)
            index.settle()
        with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
            check(index, size)


def test_a_reader_finds_what_was_added_before(tmp_path: Path, index: SqliteIndex) -> None:
    with closing(open_index_reader(tmp_path)) as late:
        with closing(SqliteIndexReader(tmp_path, part_keys=SMALL_PART)) as reader:
            assert reader.size == 0
            for size in range(3, 500, 3):
                fill(index, size)
                assert reader.size == size
                assert reader.first([key(size - 1), key(size)]) == {key(size - 1): size - 1}
            check(reader, size)
        check(late, size)
        index.tidy()
        fill(index, 503)
        check(late, 503)


def test_an_index_can_be_read_when_nobody_writes_it(tmp_path: Path) -> None:
    with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
        fill(index, 100)
    with closing(SqliteIndexReader(tmp_path, part_keys=SMALL_PART)) as reader:
        check(reader, 100)
        with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
            fill(index, 200)
            check(reader, 200)
        check(reader, 200)


def test_a_reader_notices_that_the_index_is_built_anew(tmp_path: Path, index: SqliteIndex) -> None:
    with closing(SqliteIndexReader(tmp_path, part_keys=SMALL_PART)) as reader:
        for size in (200, 30, 400):
            index.clear()
            check(reader, 0)
            fill(index, size)
            check(reader, size)


def test_readers_look_while_runs_are_sorted_and_merged(tmp_path: Path, index: SqliteIndex) -> None:
    done = Event()
    wrong: list[object] = []

    def read() -> None:
        rng = random.Random(1)
        with closing(SqliteIndexReader(tmp_path, part_keys=SMALL_PART)) as reader:
            while not done.is_set():
                for looked in (index, reader):
                    size = looked.size
                    wanted = rng.randrange(size) if size else 0
                    found = looked.first([key(wanted), key(1_000_000 + wanted)])
                    if size and found != {key(wanted): wanted, key(1_000_000 + wanted): wanted}:
                        wrong.append((wanted, found))

    threads = [Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    fill(index, 2000, step=11)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_settle_syncs_the_log_of_the_database_and_its_directory(
    tmp_path: Path, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda handle: paths.append(Path(f"/proc/self/fd/{handle}").readlink()))
    index.add(rows(0, 1))
    index.settle()
    assert paths == [tmp_path / "index.db-wal", tmp_path]


def test_runs_are_deleted_when_what_took_their_place_is_durable(
    tmp_path: Path, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut could bring the names back, and not the files."""
    done: dict[int, list[str]] = {}

    def note(what: str) -> None:
        done.setdefault(get_ident(), []).append(what)

    def unlink(path: Path) -> None:
        note(f"unlink {path.name}")
        real(path)

    real = os.unlink
    monkeypatch.setattr(os, "fsync", lambda handle: note(Path(f"/proc/self/fd/{handle}").readlink().name))
    monkeypatch.setattr(os, "unlink", unlink)
    fill(index, 300)
    index.tidy()
    merging = [acts for acts in done.values() if any(act.startswith("unlink 0-") for act in acts)]
    assert merging
    for acts in merging:
        first = next(at for at, act in enumerate(acts) if act.startswith("unlink 0-"))
        assert acts[first - 2 : first] == ["index.db-wal", tmp_path.name]


def test_files_that_a_crash_left_are_removed(tmp_path: Path) -> None:
    with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
        fill(index, 100)
        index.tidy()
    left = [tmp_path / name for name in (".0-7.half", "0-7.whole")]
    for path in left:
        path.write_bytes(b"")
    with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
        check(index, 100)
        assert not any(path.exists() for path in left)


def test_a_missing_index_is_named_to_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        open_index_reader(tmp_path)
    assert caught.value.what == str(tmp_path / "index.db")


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageError) as caught:
        SqliteIndex(tmp_path)
    assert caught.value.what == str(tmp_path / "index.db")


def test_an_index_of_another_format_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "index.db")) as connection:
        connection.execute("PRAGMA application_id = 2")
    with pytest.raises(StorageError) as caught:
        SqliteIndex(tmp_path)
    assert caught.value.what == str(tmp_path / "index.db")


@pytest.mark.parametrize("call", ["fsync", "open"])
def test_a_refused_sync_leaves_the_outcome_unknown(
    index: SqliteIndex, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "")

    fill(index, 5)
    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(OutcomeUnknown):
            index.settle()


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x" * 9000)])
def test_a_lost_or_damaged_run_is_refused(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    with closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
        fill(index, 100)
        index.tidy()
    damage(next(path for path in tmp_path.iterdir() if path.name.startswith("0-")))
    with pytest.raises(StorageError), closing(SqliteIndex(tmp_path, part_keys=SMALL_PART)) as index:
        index.first([key(1)])


def test_a_full_disk_refuses_a_batch_and_keeps_the_index(index: SqliteIndex) -> None:
    fill(index, 5)
    index._catalogue._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StorageError):
        index.add([IndexRow(5, tuple(key(n) for n in range(10_000)))])
    check(index, 5)
    index._catalogue._connection.execute("PRAGMA max_page_count = 1000000")
    fill(index, 10)
    check(index, 10)


def test_adding_stops_where_parts_cannot_be_sorted_and_goes_on_when_they_can(index: SqliteIndex) -> None:
    sorter = index._writers[0]
    sorter.stop()
    with pytest.raises(StorageError):
        fill(index, 1000)
    size = index.size
    assert SMALL_PART < 3 * size < SMALL_PART * (MAX_PARTS + 1)
    check(index, size)
    with pytest.raises(StorageError):
        index.tidy()
    sorter._stopped = False
    fill(index, 1000)
    check(index, 1000)


def test_adding_stops_where_runs_cannot_be_merged_and_goes_on_when_they_can(tmp_path: Path, index: SqliteIndex) -> None:
    merger = index._writers[1]
    merger.stop()
    with pytest.raises(StorageError):
        fill(index, 3000)
    runs = [path for path in tmp_path.iterdir() if "-" in path.name.removeprefix("index.db-")]
    assert MAX_RUNS <= len(runs) <= MAX_RUNS + MAX_PARTS
    merger._stopped = False
    fill(index, 2000)
    check(index, 2000)


def test_closing_gives_up_what_is_being_sorted(tmp_path: Path) -> None:
    with closing(SqliteIndex(tmp_path, part_keys=4_000_000)) as index:
        common = [key(n) for n in range(200_000)]
        for n in range(20):
            index.add([IndexRow(n, tuple(common[n * 10_000 : (n + 1) * 10_000]))])
    with closing(SqliteIndex(tmp_path, part_keys=10_000)) as index:
        pass
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with closing(SqliteIndex(tmp_path, part_keys=10_000)) as index:
        assert index.first(common) == {found: place // 10_000 for place, found in enumerate(common)}


def names(*levels: int) -> Sequence[RunName]:
    return [RunName(place, place + 1, level, "") for place, level in enumerate(levels)]


@pytest.mark.parametrize(
    ("levels", "chosen"),
    [
        ((), slice(0, 0)),
        ((0,) * 7, slice(0, 0)),
        ((0,) * 8, slice(0, 8)),
        ((1, *(0,) * 10), slice(1, 9)),
        ((2, *(1,) * 8, 0, 0, 0), slice(1, 9)),
        ((*(1,) * 8, *(0,) * 8), slice(8, 16)),
    ],
)
def test_the_oldest_runs_of_the_smallest_level_are_merged(levels: Sequence[int], chosen: slice) -> None:
    assert list(select_runs(names(*levels))) == list(names(*levels)[chosen])


def test_a_chore_is_done_again_when_it_is_asked_for_while_it_is_done() -> None:
    begun, go_on, calls = Event(), Event(), []

    def act() -> bool:
        calls.append(1)
        begun.set()
        go_on.wait()
        return False

    chore = Chore(act)
    chore.wait()
    chore.start()
    begun.wait()
    chore.start()
    go_on.set()
    chore.wait()
    assert len(calls) == 2
    chore.stop()
    chore.start()
    chore.wait()
    assert len(calls) == 2
