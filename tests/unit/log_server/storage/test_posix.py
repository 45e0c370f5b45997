"""Objects as files: the contract, and what only files can go wrong with."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from log_server.storage.posix import PosixObjects
from log_server.storage.protocol import OutcomeUnknown, StorageError
from tests.support.storage_contract import ObjectStoreContract


class TestPosixObjects(ObjectStoreContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> PosixObjects:
        return PosixObjects(tmp_path / "not" / "there" / "yet")


def test_objects_are_plain_files_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    objects = PosixObjects(tmp_path)
    objects.put("tile/0/000", b"hashes")
    objects.put("tile/0/000", b"hashes")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / "tile/0/000"]


def test_a_file_that_a_crash_left_half_written_is_neither_named_nor_in_the_way(tmp_path: Path) -> None:
    objects = PosixObjects(tmp_path)
    objects.put("tile/0/000", b"one")
    (tmp_path / "tile/0/.001").write_bytes(b"half of something that is longer")
    assert list(objects.names("tile/")) == ["tile/0/000"]
    objects.put("tile/0/001", b"whole")
    assert objects.get("tile/0/001") == b"whole"


def test_a_relative_directory_does_not_follow_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    objects = PosixObjects(Path("store"))
    monkeypatch.chdir("/")
    objects.put("a/b", b"1")
    assert (tmp_path / "store/a/b").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("act", "place"),
    [
        (lambda objects: objects.put("folder/name", b""), "folder/name"),
        (lambda objects: objects.get("loop"), "loop"),
        (lambda objects: objects.delete("full"), "full"),
    ],
)
def test_what_the_system_refuses_names_the_file(
    tmp_path: Path, act: Callable[[PosixObjects], object], place: str
) -> None:
    (tmp_path / "folder").write_bytes(b"a file where a folder is wanted")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "full").mkdir()
    with pytest.raises(StorageError) as caught:
        act(PosixObjects(tmp_path))
    assert caught.value.what == str(tmp_path / place)
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("call", ["open", "write", "rename"])
def test_a_failed_put_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    objects = PosixObjects(tmp_path)
    objects.put("checkpoint", b"old")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(StorageError) as caught:
            objects.put("checkpoint", b"new")
    assert caught.value.what == str(tmp_path / "checkpoint")
    assert objects.get("checkpoint") == b"old"
    objects.put("checkpoint", b"new")
    assert objects.get("checkpoint") == b"new"


def test_a_write_that_takes_a_part_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects, write = PosixObjects(tmp_path), os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:3]))
    objects.put("name", b"0123456789")
    assert objects.get("name") == b"0123456789"


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    paths: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: paths.append(str(Path(f"/proc/self/fd/{handle}").readlink())))
    return paths


def test_settle_syncs_each_file_then_each_directory_once(tmp_path: Path, synced: list[str]) -> None:
    objects = PosixObjects(tmp_path)
    for name in ("a/b/1", "a/b/2", "a/b/2", "a/gone", "c"):
        objects.put(name, b"")
    objects.delete("a/gone")
    objects.settle()
    paths = [str(Path(path).relative_to(tmp_path)) for path in synced]
    assert sorted(paths[:5]) == ["a", "a/b", "a/b/1", "a/b/2", "c"]
    assert {".", "a", "a/b"} <= set(paths[3:])
    assert len([path for path in paths if path == "a/b/2"]) == 1
    synced.clear()
    objects.settle()
    assert synced == []


@pytest.mark.parametrize("call", ["open", "fsync"])
def test_a_refused_sync_leaves_the_outcome_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    objects = PosixObjects(tmp_path)
    objects.put("name", b"")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(OutcomeUnknown) as caught:
            objects.settle()
    assert caught.value.what == str(tmp_path / "name")


def test_settling_in_another_thread_misses_nothing_that_was_put_before(tmp_path: Path, synced: list[str]) -> None:
    objects = PosixObjects(tmp_path)
    names = [f"n{number}" for number in range(300)]
    threads = [Thread(target=objects.settle) for _ in range(20)]
    for place, name in enumerate(names):
        objects.put(name, b"")
        if place % 15 == 0:
            threads[place // 15].start()
    for thread in threads:
        thread.join()
    objects.settle()
    assert {Path(path).name for path in synced} >= set(names)


@pytest.mark.parametrize("content", [b"", b"shorter", b"longer than what it was before"])
def test_a_partial_object_may_take_the_place_of_one_that_was_deleted(tmp_path: Path, content: bytes) -> None:
    objects = PosixObjects(tmp_path)
    objects.put("tile/0/000.p/1", b"what it was before")
    inode = (tmp_path / "tile/0/000.p/1").stat().st_ino
    objects.delete("tile/0/000.p/1")
    assert objects.get("tile/0/000.p/1") is None
    assert list(objects.names("tile/")) == []
    objects.put("checkpoint", b"checkpoint")
    objects.put("tile/0/001.p/2", content)
    assert objects.get("tile/0/001.p/2") == content
    assert (tmp_path / "tile/0/001.p/2").stat().st_ino == inode
    assert objects.get("checkpoint") == b"checkpoint"
    objects.settle()
