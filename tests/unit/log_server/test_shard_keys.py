"""The keys of shards: made with or without a password, loaded by their owner, and by the shard they belong to only."""

from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import FileError, KeyUnusable, UsageError, WrongPassword
from log_server.log import LogKind
from log_server.shard_files import ShardFiles, describe_shard
from log_server.shard_keys import KEY_FILE, PASSWORD_VARIABLE, environment_password, load_key, make_key


def begin(folder: Path) -> tuple[ShardFiles, PrivateKey]:
    key = make_key(folder, ECDSA_P256)
    return describe_shard(folder, LogKind.REKOR_V1, "log.example", key.public_key), key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rekor-v1" / "0001"
    made.mkdir(parents=True)
    return made


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    return monkeypatch


def test_a_key_without_a_password_is_its_owners(folder: Path) -> None:
    shard, key = begin(folder)
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert load_key(shard, "", environment_password).public_key == key.public_key


def test_a_key_with_a_password_needs_it(folder: Path, password: pytest.MonkeyPatch) -> None:
    password.setenv(PASSWORD_VARIABLE, "one")
    shard, key = begin(folder)
    assert load_key(shard, "", environment_password).public_key == key.public_key
    password.setenv(PASSWORD_VARIABLE, "another")
    with pytest.raises(WrongPassword):
        load_key(shard, "", environment_password)
    password.delenv(PASSWORD_VARIABLE)
    with pytest.raises(UsageError) as caught:
        load_key(shard, "", environment_password)
    assert PASSWORD_VARIABLE in (caught.value.hint or "")


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    shard, _ = begin(folder)
    (folder / KEY_FILE).chmod(0o604)
    with pytest.raises(FileError):
        load_key(shard, "", environment_password)


def test_the_key_of_another_log_is_refused(folder: Path) -> None:
    shard, _ = begin(folder)
    make_key(folder, ECDSA_P256)
    with pytest.raises(KeyUnusable) as caught:
        load_key(shard, "", environment_password)
    assert caught.value.source == str(folder / KEY_FILE)
