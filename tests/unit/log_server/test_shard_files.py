"""What is written down of a shard."""

import os
from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.values import replace
from log_server.log import LogKind
from log_server.shard_files import ShardFiles, describe_shard, load_shards, next_directory

KEY = PrivateKey.generate(ED25519).public_key


def save(data: Path, number: str, first: int = 0, frozen: int | None = None) -> ShardFiles:
    folder = data / "ct" / number
    folder.mkdir(parents=True)
    shard = ShardFiles(folder, LogKind.CT, "log.example", 0xABC, KEY, first, frozen)
    shard.save()
    return shard


@pytest.mark.parametrize("frozen", [None, 0, 7])
def test_what_is_saved_is_loaded(tmp_path: Path, frozen: int | None) -> None:
    saved = save(tmp_path, "0001", 5, frozen)
    assert ShardFiles.load(saved.directory) == saved


def test_what_is_saved_outlasts_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a shard that was said to be frozen could take entries again."""
    synced: list[Path] = []
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").readlink()))
        save(tmp_path, "0001", 0, 7)
    assert synced[0].name.startswith(".shard.json")
    assert synced[1:] == [tmp_path / "ct" / "0001", tmp_path / "ct", tmp_path]


def test_a_description_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        ShardFiles.load(tmp_path)


@pytest.mark.parametrize(("frozen", "first"), [(None, 0), (7, 8), (7, 0)])
def test_shards_follow_each_other_without_a_gap(tmp_path: Path, frozen: int | None, first: int) -> None:
    save(tmp_path, "0001", 0, frozen)
    save(tmp_path, "0002", first)
    with pytest.raises(MalformedError):
        load_shards(tmp_path, LogKind.CT)


def test_the_first_shard_begins_at_0(tmp_path: Path) -> None:
    save(tmp_path, "0002", 7)
    with pytest.raises(MalformedError):
        load_shards(tmp_path, LogKind.CT)


@pytest.mark.parametrize("left", ["journal", "log", "index"])
@pytest.mark.parametrize("number", ["0001", "0002"])
def test_a_shard_whose_description_is_gone_is_not_begun_anew(tmp_path: Path, left: str, number: str) -> None:
    save(tmp_path, "0001", 0, 7)
    save(tmp_path, "0002", 7)
    folder = tmp_path / "ct" / number
    (folder / left).mkdir()
    (folder / "shard.json").unlink()
    for look in (load_shards, next_directory):
        with pytest.raises(FileError) as caught:
            look(tmp_path, LogKind.CT)
        assert caught.value.path == str(folder / "shard.json")


def test_what_a_crash_left_of_the_beginning_of_a_shard_is_none(tmp_path: Path) -> None:
    save(tmp_path, "0001", 0, 7)
    folder = tmp_path / "ct" / "0002"
    folder.mkdir()
    (folder / "key.pem").write_bytes(b"a key that signed nothing")
    assert [shard.directory.name for shard in load_shards(tmp_path, LogKind.CT)] == ["0001"]
    assert next_directory(tmp_path, LogKind.CT) == folder


def test_shards_are_in_order(tmp_path: Path) -> None:
    save(tmp_path, "0002", 7)
    save(tmp_path, "0001", 0, 7)
    assert [shard.directory.name for shard in load_shards(tmp_path, LogKind.CT)] == ["0001", "0002"]
    assert load_shards(tmp_path, LogKind.REKOR_V1) == []


def test_the_next_shard_comes_after_a_frozen_one(tmp_path: Path) -> None:
    assert next_directory(tmp_path, LogKind.CT).name == "0001"
    shard = save(tmp_path, "0001")
    with pytest.raises(UsageError):
        next_directory(tmp_path, LogKind.CT)
    replace(shard, frozen=7).save()
    directory = next_directory(tmp_path, LogKind.CT)
    assert directory.name == "0002"
    described = describe_shard(directory, LogKind.CT, "next.example", KEY)
    assert (described.first, described.frozen) == (7, None)
    assert 0 < described.tree_id < 1 << 63
