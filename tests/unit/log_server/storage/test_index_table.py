"""Tables of the filter: what was added always passes, little else does, and no other file is taken for one."""

import errno
import os
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cosignpy.values import replace
from log_server.storage import index_table
from log_server.storage.index_table import Table, TableName, build_table, read_table, select_keys
from log_server.storage.index_young import encode_records
from log_server.storage.protocol import IndexRow, StorageError
from tests.support.storage_contract import key


def keys(begin: int, end: int) -> Sequence[bytes]:
    return [key(n) for n in range(begin, end)]


def filled(capacity: int, begin: int, end: int) -> Table:
    table = build_table(capacity)
    table.add(encode_records([IndexRow(n, (key(n),)) for n in range(begin, end)]))
    return table


@pytest.mark.parametrize("capacity", [1, 2, 7, 8, 9, 1000, 1 << 17])
@pytest.mark.parametrize("count", [0, 1, 5000])
def test_every_key_that_was_added_passes(capacity: int, count: int) -> None:
    table = filled(capacity, 0, count)
    assert table.keys == count
    assert list(select_keys([table], keys(0, count))) == keys(0, count)


@pytest.mark.parametrize(("wanted", "words"), [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 4), (1 << 20, 1 << 18)])
def test_a_table_has_room_for_the_keys_it_is_built_for(wanted: int, words: int) -> None:
    table = build_table(wanted)
    assert (len(table.words), table.capacity, table.keys) == (words, words * 4, 0)


def test_few_other_keys_pass_a_full_table() -> None:
    table = filled(1 << 14, 0, 1 << 14)
    assert len(select_keys([table], keys(1 << 14, 1 << 16))) < (1 << 16) / 100


def test_a_key_passes_that_one_of_several_tables_has() -> None:
    tables = [filled(100, 0, 100), filled(1000, 100, 1000), build_table(5000)]
    assert list(select_keys(tables, keys(0, 1000))) == keys(0, 1000)
    assert select_keys([], keys(0, 1000)) == ()
    assert select_keys([build_table(8)], keys(0, 1000)) == []


@pytest.fixture
def table() -> Table:
    return filled(1000, 0, 900)


def test_a_table_is_read_as_it_was_written(tmp_path: Path, table: Table) -> None:
    name = table.write(tmp_path)
    read = read_table(tmp_path, name)
    assert read is not None
    assert (read.words, read.keys, read.shift) == (table.words, 900, table.shift)
    assert [path.name for path in tmp_path.iterdir()] == [name.file]
    assert table.write(tmp_path).file != name.file


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "torn": lambda content: content[: len(content) // 2],
    "one octet less": lambda content: content[:-1],
    "one octet more": lambda content: content + b"\0",
    "first bit": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "last bit": lambda content: content[:-1] + bytes([content[-1] ^ 0x80]),
    "zeros": lambda content: bytes(len(content)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_another_content_is_not_taken_for_the_table(
    tmp_path: Path, table: Table, damage: Callable[[bytes], bytes]
) -> None:
    name = table.write(tmp_path)
    path = tmp_path / name.file
    path.write_bytes(damage(path.read_bytes()))
    assert read_table(tmp_path, name) is None


def test_a_table_of_another_length_is_not_taken_for_it(tmp_path: Path, table: Table) -> None:
    name = table.write(tmp_path)
    for words in (name.words // 2, name.words * 2):
        assert read_table(tmp_path, replace(name, words=words)) is None


def test_a_table_of_another_machine_is_not_taken_for_it(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(index_table, "_FORM", index_table._FORM.replace(b"little", b"big"))
        name = table.write(tmp_path)
    assert read_table(tmp_path, name) is None


def test_a_table_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path, TableName(1, 0, "table.0", b""))


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_table_that_cannot_be_written_leaves_no_file(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError):
        table.write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_a_key_lies_does_not_change_from_version_to_version() -> None:
    """A change to this needs another `_FORM`, so that tables of the version before are not believed."""
    assert filled(16, 0, 3).words == array("Q", [0, 0, 0x800200000001000, 0x2040084040040A])
