"""`kill -9` while a process writes: nothing it acknowledged is lost, nothing is half there, and it can go on."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from cosignpy.errors import UsageError
from log_server.storage.journal import FileJournal
from log_server.storage.lock import lock_directory
from log_server.storage.posix import PosixObjects
from log_server.storage.sqlite_index import SqliteIndex, SqliteIndexReader
from tests.support import filter_writer
from tests.support.storage_contract import key
from tests.support.storage_writer import COMMON, PART_KEYS, SEGMENT_SIZE, batch_at

KILLS = 8


@contextmanager
def writer(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the writer, and kill it in the end."""
    command = [sys.executable, "-m", "tests.support.storage_writer", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def acknowledged(process: subprocess.Popen[bytes], batches: int) -> int:
    """Read what was acknowledged up to a number of batches; return the size."""
    assert process.stdout is not None
    size = 0
    for _ in range(batches):
        size = int(process.stdout.readline())
    return size


def check(directory: Path, size: int) -> None:
    """See that journal, objects and index hold at least `size` entries, as they were written, without a gap."""
    with closing(FileJournal(directory / "journal", segment_size=SEGMENT_SIZE)) as journal:
        batches = list(journal.records())
    assert batches == [batch_at(batch.start) for batch in batches]
    assert [batch.start for batch in batches] == [0, *(batch.end for batch in batches)][:-1]
    assert all(before.end == after.start for before, after in pairwise(batches))
    assert batches[-1].end >= size
    objects = PosixObjects(directory / "objects")
    assert all(objects.get(f"batch/{batch.start}") == batch.content for batch in batches if batch.end <= size)
    with closing(SqliteIndex(directory / "index", part_keys=PART_KEYS)) as index:
        assert size <= index.size <= batches[-1].end
        assert index.size in {batch.end for batch in batches}
        known = [key(n + offset) for n in range(index.size + 20) for offset in (0, 1_000_000)]
        assert index.first(known) == {key(n + offset): n for n in range(index.size) for offset in (0, 1_000_000)}
        assert index.search(COMMON, limit=1 << 30) == list(range(index.size))


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    size = 0
    for kill in range(KILLS):
        with writer(tmp_path) as process:
            size = max(size, acknowledged(process, 20 + 37 * kill))
        check(tmp_path, size)


def test_a_reader_outlives_the_writers(tmp_path: Path) -> None:
    with writer(tmp_path) as process:
        acknowledged(process, 5)
    with closing(SqliteIndexReader(tmp_path / "index", part_keys=PART_KEYS)) as reader:
        for _ in range(3):
            with writer(tmp_path) as process:
                size = acknowledged(process, 60)
                assert reader.first([key(size - 1)]) == {key(size - 1): size - 1}
            assert reader.search(COMMON, limit=1 << 30) == list(range(reader.size))
            with closing(SqliteIndex(tmp_path / "index", part_keys=PART_KEYS)) as index:
                index.tidy()
                assert index.size == reader.size
            assert reader.search(COMMON, limit=1 << 30) == list(range(reader.size))


def test_a_second_writer_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    with writer(tmp_path) as process:
        acknowledged(process, 1)
        with pytest.raises(UsageError) as caught, lock_directory(tmp_path):
            pass
        assert str(process.pid) in caught.value.problem
    with lock_directory(tmp_path):
        pass


def test_another_process_finds_what_was_acknowledged(tmp_path: Path) -> None:
    with writer(tmp_path) as process:
        acknowledged(process, 1)
        with closing(SqliteIndexReader(tmp_path / "index", part_keys=PART_KEYS)) as reader:
            for _ in range(200):
                size = acknowledged(process, 1)
                assert reader.first([key(size - 1), key(0)]) == {key(size - 1): size - 1, key(0): 0}
                assert reader.search(COMMON, after=size - 3, limit=2) == [size - 2, size - 1]
                assert reader.size >= size


def test_a_filter_whose_saving_is_killed_at_any_gap_holds_no_key_back(tmp_path: Path) -> None:
    known = {key(n + offset): n for n in range(filter_writer.SIZE) for offset in (0, 1_000_000)}
    filter_writer.prepare(tmp_path / "prepared")
    status, gap = -signal.SIGKILL, 0
    while status == -signal.SIGKILL:
        directory = tmp_path / str(gap)
        shutil.copytree(tmp_path / "prepared", directory)
        command = [sys.executable, "-m", "tests.support.filter_writer", str(directory), str(gap)]
        status = subprocess.run(command, check=False).returncode
        for _ in range(2):
            with closing(SqliteIndex(directory, part_keys=filter_writer.PART_KEYS)) as index:
                assert index.first(list(known)) == known
                index.tidy()
        gap += 1
    assert (status, gap > 10) == (0, True)
