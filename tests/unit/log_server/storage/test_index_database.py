"""What SQLite says, as errors that tell a full disk from a damaged file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from log_server.storage.index_database import explain_database, open_database
from log_server.storage.protocol import StorageDamaged, StorageError


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with closing(open_database(path, "mode=rwc")) as database:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE t (content BLOB)")
        with pytest.raises(StorageError) as caught, explain_database(path):
            database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert not isinstance(caught.value, StorageDamaged)
    assert caught.value.what == str(path)
    assert caught.value.why.startswith("the disk is full")


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"no database" * 1000)
    with (
        closing(open_database(path, "mode=rw")) as database,
        pytest.raises(StorageDamaged) as caught,
        explain_database(path),
    ):
        database.execute("SELECT * FROM t")
    assert caught.value.what == str(path)


def test_a_file_that_is_not_there_is_damage_too(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with pytest.raises(StorageDamaged) as caught, explain_database(path):
        open_database(path, "mode=ro")
    assert caught.value.what == str(path)


def test_anything_else_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught, explain_database(tmp_path):
        open_database(tmp_path, "mode=ro")  # a folder
    assert not isinstance(caught.value, StorageDamaged)
    assert caught.value.what == str(tmp_path)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
