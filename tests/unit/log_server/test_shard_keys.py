"""Keys of shards: where they lie, who may read them, and which log they are of."""

import logging
from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import CosignError, FileError, KeyUnusable, UsageError
from cosignpy.keystore.server_key import environment_password, load_key_file
from log_server.log import LogKind
from log_server.shard_files import ShardFiles
from log_server.shard_keys import load_former_keys, load_key, make_key


def shard_in(folder: Path, key: PrivateKey) -> ShardFiles:
    return ShardFiles(folder, LogKind.CT, "log.example", 1, key.public_key)


def test_a_key_is_read_back_from_beside_its_shard(tmp_path: Path) -> None:
    made = make_key(tmp_path, ED25519)
    found = load_key(shard_in(tmp_path, made), "", environment_password)
    assert found.public_key == made.public_key


def test_the_key_of_another_log_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path, ED25519)
    with pytest.raises(KeyUnusable):
        load_key(shard_in(tmp_path, PrivateKey.generate(ED25519)), "", environment_password)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path, ED25519)
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(CosignError):
        load_key_file(str(tmp_path / "key.pem"), environment_password)


def test_a_key_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_key_file(str(tmp_path / "key.pem"), environment_password)
    assert caught.value.path == str(tmp_path / "key.pem")


def test_with_a_password_the_key_is_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    made = make_key(tmp_path, ECDSA_P256)
    path = str(tmp_path / "key.pem")
    assert load_key_file(path, environment_password).public_key == made.public_key
    monkeypatch.setenv("COSIGN_PASSWORD", "wrong")
    with pytest.raises(CosignError):
        load_key_file(path, environment_password)
    monkeypatch.delenv("COSIGN_PASSWORD")
    with pytest.raises(UsageError):
        load_key_file(path, environment_password)


def test_old_keys_are_used_as_long_as_they_are_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folders = [tmp_path / name for name in ("0001", "0002")]
    for folder in folders:
        folder.mkdir()
    keys = [make_key(folder, ECDSA_P256) for folder in folders]
    shards = [shard_in(folder, key) for folder, key in zip(folders, keys, strict=True)]
    (folders[0] / "key.pem").unlink()
    with caplog.at_level(logging.WARNING):
        (found,) = load_former_keys(shards, environment_password)
    assert found.public_key == keys[1].public_key
    (line,) = caplog.messages
    assert str(folders[0]) in line
