"""One writer for a data directory."""

import os
from pathlib import Path

import pytest

from cosignpy.errors import UsageError
from log_server.storage.lock import LOCK_FILE, lock_directory
from log_server.storage.protocol import StorageError


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    with lock_directory(tmp_path), pytest.raises(UsageError) as caught, lock_directory(tmp_path):
        pass
    assert str(os.getpid()) in caught.value.problem
    assert str(tmp_path) in caught.value.problem


def test_the_directory_is_free_again_afterwards(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("99999999999 of a process that is long gone\n")
    for _ in range(2):
        with lock_directory(tmp_path):
            assert (tmp_path / LOCK_FILE).read_text() == f"{os.getpid()}\n"


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught, lock_directory(tmp_path / "absent"):
        pass
    assert caught.value.what == str(tmp_path / "absent" / LOCK_FILE)


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", fail)
    with pytest.raises(StorageError) as caught, lock_directory(tmp_path):
        pass
    assert caught.value.what == str(tmp_path)
