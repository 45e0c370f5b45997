"""The filter before the runs: no key of a run is ever held back, whatever happened to what was saved of it."""

import errno
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from log_server.storage.index_catalogue import SavedTables
from log_server.storage.index_filter import FIRST_PARTS, UNSAVED_PARTS
from log_server.storage.index_runs import Run, RunName
from log_server.storage.protocol import IndexRow, StorageError
from log_server.storage.sqlite_index import SqliteIndex
from tests.support.filter_writer import LARGE_PART_KEYS, PART_KEYS, SAVED, SIZE, fill, prepare, rows, save
from tests.support.storage_contract import key
from tests.support.write_gaps import Gaps, watch


def opened(directory: Path, part_keys: int = PART_KEYS) -> closing[SqliteIndex]:
    return closing(SqliteIndex(directory, part_keys=part_keys))


def check(index: SqliteIndex, size: int) -> None:
    """Find every key of the entries, though most others are held back."""
    assert index.size == size
    known = {key(n + offset): n for n in range(size) for offset in (0, 1_000_000)}
    absent = [key(5_000_000 + n) for n in range(1000)]
    assert index.first([*known, *absent]) == known
    assert len(index._filter.select(absent)) < 100


def tables(directory: Path) -> list[Path]:
    return sorted(directory.glob("table.*"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of an index, to be copied: its filter was saved long before the newest runs came."""
    directory = tmp_path_factory.mktemp("prepared") / "index"
    prepare(directory)
    return directory


@pytest.fixture
def directory(prepared: Path, tmp_path: Path) -> Path:
    return shutil.copytree(prepared, tmp_path / "index")


@pytest.fixture
def saved(directory: Path) -> Path:
    """Return the directory of an index whose filter was saved with all that is in runs."""
    with opened(directory, LARGE_PART_KEYS) as index:
        save(index)
    return directory


class Spy:
    """What the runs are asked, while they answer as they do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[bytes] = []
        self.begins: list[int] = []
        first, records = Run.first, Run.records

        def spy_first(run: Run, keys: Sequence[bytes]) -> dict[bytes, int]:
            self.keys += keys
            return first(run, keys)

        def spy_records(run: Run, begin: int) -> Iterator[bytes]:
            self.begins.append(begin)
            return records(run, begin)

        monkeypatch.setattr(Run, "first", spy_first)
        monkeypatch.setattr(Run, "records", spy_records)


def test_runs_are_not_asked_for_keys_that_do_not_pass(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    with opened(saved) as index:
        assert index.first([key(5_000_000 + n) for n in range(1000)]) == {}
        assert len(set(spy.keys)) < 100
        assert index.first([key(1)]) == {key(1): 1}
        assert key(1) in spy.keys


def test_keys_pass_before_the_run_they_are_in_is_committed(tmp_path: Path) -> None:
    held_back: list[bytes] = []
    with opened(tmp_path) as index:
        replace = index._catalogue.replace

        def look_and_replace(old: Sequence[RunName], new: RunName) -> None:
            keys = [key(n) for n in range(new.begin, new.end)]
            held_back.extend(set(keys) - set(index._filter.select(keys)))
            replace(old, new)

        index._catalogue.replace = look_and_replace  # type: ignore[method-assign] # to be asked at this moment
        fill(index, SIZE)
    assert held_back == []


def test_a_key_is_found_whose_part_is_sorted_while_it_is_looked_up(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        index.add(rows(0, 5))
        select = index._filter.select

        def select_and_sort(keys: Sequence[bytes]) -> Sequence[bytes]:
            selected = select(keys)
            fill(index, 50)
            return selected

        index._filter.select = select_and_sort  # type: ignore[method-assign] # to be interrupted at this moment
        assert index.first([key(1)]) == {key(1): 1}
        assert index._view.runs


def test_keys_are_found_at_each_size(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        for size in range(10, 1200, 70):
            fill(index, size)
            check(index, size)
        assert len(index._filter._tables) > 3


def test_the_filter_is_saved_every_few_parts(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        fill(index, 10 * (UNSAVED_PARTS - 1))
        assert (index._filter.end, tables(tmp_path)) == (0, [])
        for size in range(100, 1200, 70):
            fill(index, size)
            in_runs = index._view.runs[-1].name.end
            # It may be saved when the keys of one more part are in it than are in runs.
            assert in_runs - 10 * (UNSAVED_PARTS + 1) < index._filter.end <= in_runs
            assert [path.name for path in tables(tmp_path)] == sorted(index._filter.files)


def test_the_filter_is_saved_when_parts_were_sorted_and_covers_no_more_than_these(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        for begin in range(0, 100, 10):
            index.add(rows(begin, begin + 10))
        index.add(rows(100, 105))
        index._sorting.wait()
        index._saving.wait()
        assert 0 < index._filter.end <= index._view.runs[-1].name.end
        index._saving.stop()
        for begin in range(105, 205, 10):
            index.add(rows(begin, begin + 10))
        index.add(rows(205, 208))
        index._sorting.wait()
        assert index._save_filter()
        assert index._filter.end == index._view.runs[-1].name.end < index.size


def test_a_table_is_deleted_when_the_next_one_cannot_be_written(directory: Path) -> None:
    before = tables(directory)
    with opened(directory, LARGE_PART_KEYS) as index:
        assert len(index._filter._tables) > 1
        with watch(index, Gaps(fail, 3)), pytest.raises(StorageError):
            save(index)
        assert tables(directory) == before


def test_each_table_holds_twice_as_many_keys_as_the_one_before(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        fill(index, 1200)
        capacities = [table.capacity for table in index._filter._tables]
    assert capacities == [256 << place for place in range(len(capacities))]
    assert capacities[0] >= FIRST_PARTS * PART_KEYS


def test_full_tables_are_written_once(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        fill(index, 500)
        save(index)
        full, before = index._filter.files[:-1], tables(tmp_path)
        assert len(full) > 1
        fill(index, 700)
        save(index)
        assert index._filter.files[: len(full)] == full
        assert set(tables(tmp_path)) & set(before) == {tmp_path / file for file in full}


def test_what_was_saved_is_deleted_when_its_successor_is_durable(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def spy(call: str, name: Callable[..., str]) -> None:
        real = getattr(os, call)

        def note(*given: object) -> None:
            done.append(f"{call} {name(*given)}")
            real(*given)

        monkeypatch.setattr(os, call, note)

    with opened(directory, LARGE_PART_KEYS) as index:
        (old,) = index._filter.files
        spy("fsync", lambda handle: Path(f"/proc/self/fd/{handle}").readlink().name)
        spy("rename", lambda _, path: path.name)
        spy("unlink", lambda path: path.name)
        index._catalogue._connection.set_trace_callback(lambda statement: done.append(statement.split()[0]))
        save(index)
        index._catalogue._connection.set_trace_callback(None)
        files = index._filter.files
    written = [line for file in files for line in (f"fsync .{file}", f"rename {file}", "fsync index")]
    named = ["BEGIN", "DELETE", *("INSERT" for _ in files), "COMMIT"]
    assert done == [*written, *named, "fsync index.db-wal", "fsync index", f"unlink {old}"]


def test_saving_again_what_is_saved_writes_no_table(saved: Path) -> None:
    before = tables(saved)
    with opened(saved) as index:
        save(index)
    assert tables(saved) == before


def test_a_start_reads_only_what_is_not_saved(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    with opened(directory) as index:
        check(index, SIZE)
        assert set(spy.begins) == {SAVED}
        spy.begins.clear()
        save(index)
    with opened(directory) as index:
        check(index, SIZE)
    assert spy.begins == []


def test_a_large_run_does_not_reach_beyond_what_is_saved(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        index._saving.stop()
        fill(index, 10 * 64)
        large = [run.name for run in index._view.runs if run.name.level > 1]
        assert [index._filter.end] == [name.end for name in large]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:-8]),
    "a bit": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\xaa"),
    "without keys": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_table_is_built_anew(
    saved: Path, caplog: pytest.LogCaptureFixture, place: int, damage: Callable[[Path], object]
) -> None:
    with opened(saved) as index:
        damaged = saved / index._filter.files[place]
    damage(damaged)
    with caplog.at_level(logging.WARNING), opened(saved) as index:
        assert str(damaged) in caplog.text
        check(index, SIZE)
        index._saving.wait()
        assert index._filter.end == SIZE
    caplog.clear()
    with opened(saved) as index:
        check(index, SIZE)
    assert caplog.text == ""


def change_database(directory: Path, statement: str) -> None:
    with closing(sqlite3.connect(directory / "index.db", isolation_level=None)) as connection:
        connection.execute(statement)


def test_an_index_of_a_version_without_a_filter_gets_one(directory: Path) -> None:
    change_database(directory, "DROP TABLE filter")
    with opened(directory) as index:
        check(index, SIZE)
        index.tidy()
        assert index._filter.end == SIZE
        assert sorted(index._filter.files) == [path.name for path in tables(directory)]


def test_tables_that_claim_more_than_is_in_runs_are_not_believed(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    change_database(saved, f"UPDATE filter SET end = {SIZE + 1}")
    with caplog.at_level(logging.WARNING), opened(saved) as index:
        assert f"{SIZE + 1} entries of {SIZE}" in caplog.text
        check(index, SIZE)


def test_clearing_the_index_clears_the_filter(saved: Path) -> None:
    with opened(saved) as index:
        index.clear()
        assert index._catalogue.tables() == SavedTables(0, ())
        assert (index._filter.end, index._filter.files, tables(saved)) == (0, [], [])
        index.add([IndexRow(0, (key(7),))])
        assert index.first([key(n) for n in range(SIZE)]) == {key(7): 0}
    with opened(saved) as index:
        assert index.first([key(n) for n in range(SIZE)]) == {key(7): 0}
        assert index._filter.end == 0


def fail() -> None:
    raise OSError(errno.EIO, "")


def fail_in_database() -> None:
    raise sqlite3.OperationalError("disk I/O error")


def save_at(directory: Path, gaps: Gaps) -> None:
    with opened(directory, LARGE_PART_KEYS) as index:
        try:
            with watch(index, gaps):
                save(index)
        finally:
            check(index, SIZE)


@pytest.mark.parametrize("after", [False, True], ids=["failed", "failed but done"])
@pytest.mark.parametrize("error", [fail, fail_in_database])
def test_a_write_that_fails_while_the_filter_is_saved_loses_no_key(
    prepared: Path, tmp_path: Path, error: Callable[[], None], after: bool
) -> None:
    counted = Gaps(lambda: None, -1)
    save_at(shutil.copytree(prepared, tmp_path / "counted"), counted)
    assert counted.count > 10
    for number in range(counted.count):
        directory = shutil.copytree(prepared, tmp_path / str(number))
        with pytest.raises((StorageError, sqlite3.Error, OSError)):
            save_at(directory, Gaps(error, number, after=after))
        with opened(directory, LARGE_PART_KEYS) as index:
            check(index, SIZE)
            assert sorted(index._filter.files) == [path.name for path in tables(directory)]
            assert list(directory.glob(".*")) == []
            save(index)
            assert index._filter.end == SIZE
        with opened(directory, LARGE_PART_KEYS) as index:
            check(index, SIZE)


def test_the_filter_is_not_saved_before_there_is_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of the first run are in the filter before the run is in the view, and another thread may look then."""
    replace, saved = SqliteIndex._replace, []

    def look_first(index: SqliteIndex, old: Sequence[RunName], name: RunName) -> None:
        saved.append(index._filter.is_due and index._save_filter())
        replace(index, old, name)

    monkeypatch.setattr(SqliteIndex, "_replace", look_first)
    size = 10 * UNSAVED_PARTS
    with opened(tmp_path) as index:
        index.add(rows(0, size))
        index.add(rows(size, size + 1))
        index.tidy()
        assert saved == [False]
        assert index._filter.end == size
