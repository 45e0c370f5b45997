"""Local files: replaced as a whole or not at all. What a directory lists is made durable, or an error says so."""

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cosignpy.errors import FileError
from cosignpy.files import PRIVATE, read_private, replace_file, sync_directory, write_file


def test_a_directory_is_synced_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())), real(handle))
    )
    before = len(list(Path("/proc/self/fd").iterdir()))
    sync_directory(tmp_path)
    assert synced == [str(tmp_path)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_directory_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError) as caught:
        sync_directory(tmp_path / name)
    assert caught.value.path == str(tmp_path / name)


@pytest.fixture
def _full() -> Iterator[None]:
    """Have a disk with room for ten octets in a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("_full")
@pytest.mark.parametrize("octets", [11, 100_000])
def test_a_file_that_the_disk_has_no_room_for_is_named_and_the_old_one_stays(octets: int, tmp_path: Path) -> None:
    """A few octets fail when they are flushed, many when they are written: one error comes of either."""
    path = tmp_path / "file"
    write_file(path, b"old")
    with pytest.raises(FileError) as caught:
        write_file(path, b"n" * octets)
    assert caught.value.path == str(path)
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("file", b"old")]


def test_an_error_of_whoever_writes_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), replace_file(tmp_path / "file") as file:
        file.write(b"%d" % (1 // 0))
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as reader:
        read = reader.submit(pipe.read_bytes)
        write_file(pipe, b"content")
        assert read.result() == b"content"
    assert pipe.is_fifo()


def test_a_directory_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a directory"):
        write_file(tmp_path, b"content")


def test_a_file_needs_a_directory(tmp_path: Path) -> None:
    write_file(tmp_path / "file", b"content")
    for missing in (tmp_path / "none/file", tmp_path / "file/file"):
        with pytest.raises(FileError, match="there is no directory"):
            write_file(missing, b"content")


@pytest.mark.parametrize("cap", [7, 8])
def test_a_file_of_ones_own_is_read_up_to_a_limit(tmp_path: Path, cap: int) -> None:
    write_file(tmp_path / "file", b"12345678", PRIVATE)
    assert read_private(tmp_path / "file", cap) == (b"12345678" if cap == 8 else None)


@pytest.mark.parametrize("folders", [1, 2])
def test_a_file_that_others_can_put_there_is_none(tmp_path: Path, folders: int) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    path = tmp_path / "a" / "b" / "file"
    write_file(path, b"content", PRIVATE)
    (tmp_path / "a").chmod(0o770)
    assert read_private(path, 100, folders) == (b"content" if folders == 1 else None)
    path.chmod(0o620)
    assert read_private(path, 100) is None
    (tmp_path / "a" / "b" / "link").symlink_to(path)
    assert read_private(tmp_path / "a" / "b" / "link", 100) is None
