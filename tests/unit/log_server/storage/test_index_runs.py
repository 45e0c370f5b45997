"""Runs and the catalogue of an index: what is half done leaves nothing behind."""

import os
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from log_server.storage.index_catalogue import open_catalogue
from log_server.storage.index_runs import Run, RunName, RunWriter
from log_server.storage.index_young import RECORD_SIZE, encode_records
from log_server.storage.protocol import IndexRow, StorageError
from tests.support.storage_contract import key


def test_more_keys_than_one_statement_takes_are_looked_up(tmp_path: Path) -> None:
    records = encode_records([IndexRow(n, (key(n),)) for n in range(5000)])
    run = Run(tmp_path, RunWriter(tmp_path).sort(0, 5000, records))
    keys = [key(n) for n in range(1000, 6000)]
    assert run.first(keys) == {key(n): n for n in range(1000, 5000)}
    assert run.first([]) == {}


def test_keys_at_both_ends_of_the_range_are_found(tmp_path: Path) -> None:
    lowest, highest = bytes(16), b"\xff" * 16
    records = encode_records([IndexRow(0, (highest, lowest)), IndexRow((1 << 48) - 1, (highest, lowest))])
    run = Run(tmp_path, RunWriter(tmp_path).sort(0, 1 << 48, records))
    assert run.first([highest, lowest]) == {highest: 0, lowest: 0}
    for end in (highest, lowest):
        assert run.search(end, -1, 5) == [0, (1 << 48) - 1]
        assert run.search(end, 0, 5) == [(1 << 48) - 1]


def test_a_run_of_no_records_finds_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path, RunWriter(tmp_path).sort(0, 9, b""))
    assert run.first([key(1)]) == {}
    assert run.search(key(1), -1, 5) == []


def test_a_run_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        RunWriter(tmp_path).sort(0, 1, bytes(2 * RECORD_SIZE))
    assert list(tmp_path.iterdir()) == []


def test_a_merge_of_a_run_that_is_gone_leaves_no_file(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path)
    names = [writer.sort(n, n + 1, encode_records([IndexRow(n, (key(n),))])) for n in range(2)]
    (tmp_path / names[1].file).unlink()
    with pytest.raises(StorageError):
        writer.merge(names)
    assert [path.name for path in tmp_path.iterdir()] == [names[0].file]


def test_a_writer_gives_up_when_it_is_stopped(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path)

    def stop_when_it_writes() -> None:
        while not list(tmp_path.iterdir()):
            pass
        writer.stop()

    thread = Thread(target=stop_when_it_writes)
    thread.start()
    with pytest.raises(StorageError):
        writer.sort(0, 1, os.urandom(1_000_000 * RECORD_SIZE))
    thread.join()
    assert list(tmp_path.iterdir()) == []


def test_the_catalogue_takes_a_change_as_a_whole(tmp_path: Path) -> None:
    with closing(open_catalogue(tmp_path)) as catalogue:
        catalogue.add(1, b"")
        catalogue.replace((), RunName(0, 1, 0, "first"))
        catalogue.add(2, b"")
        before = catalogue.contents(0)
        with pytest.raises(StorageError):
            catalogue.replace((), RunName(0, 2, 0, "where the first begins"))
        assert catalogue.contents(0) == before
        assert before.batches == ((2, b""),)
