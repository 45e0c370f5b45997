"""Keeping credentials: what the file holds afterwards, and who may read it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.registry.credential_files import find_credential
from cosignpy.registry.credential_store import CredentialStore
from cosignpy.registry.credentials import BasicCredential

OWNER = BasicCredential("owner", "pass:word")

HELPER = """#!/bin/sh
state="$STATE"
case "$1" in
  store) cat > "$state" ;;
  get) [ -f "$state" ] && cat "$state" || { echo 'credentials not found in native keychain'; exit 1; } ;;
  erase) rm "$state" ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.defpath}", "STATE": str(tmp_path / "state")}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / ".docker" / "config.json"


def write(config: Path, document: object) -> None:
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps(document))


def use_helper(environment: Mapping[str, str]) -> None:
    program = Path(environment["HOME"], "docker-credential-test")
    program.write_text(HELPER)
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("registry", "key"), [("registry.example", "registry.example"), ("index.docker.io", "https://index.docker.io/v1/")]
)
def test_what_is_saved_is_found_again(environment: Mapping[str, str], config: Path, registry: str, key: str) -> None:
    assert CredentialStore.of(environment).save(registry, OWNER) == str(config)
    assert find_credential(environment, registry, "team/app") == OWNER
    assert list(json.loads(config.read_text())["auths"]) == [key]


def test_only_the_owner_can_read_it(environment: Mapping[str, str], config: Path) -> None:
    write(config, {})
    config.chmod(0o644)
    CredentialStore.of(environment).save("registry.example", OWNER)
    assert config.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in config.parent.iterdir()] == ["config.json"]


def test_everything_else_in_the_file_is_kept(environment: Mapping[str, str], config: Path) -> None:
    before = {"auths": {"other.example": {"auth": "eA=="}}, "HttpHeaders": {"X": "y"}, "future": [1, {"a": None}]}
    write(config, before)
    CredentialStore.of(environment).save("registry.example", OWNER)
    after = json.loads(config.read_text())
    assert after["auths"].pop("registry.example") == {"auth": "b3duZXI6cGFzczp3b3Jk"}
    assert after == before


def test_other_spellings_of_the_registry_are_replaced(environment: Mapping[str, str], config: Path) -> None:
    write(config, {"auths": {"https://registry.example/v1/": {}, "registry.example/team": {"auth": "eA=="}}})
    CredentialStore.of(environment).save("registry.example", OWNER)
    assert sorted(json.loads(config.read_text())["auths"]) == ["registry.example", "registry.example/team"]


def test_a_link_stays_one(environment: Mapping[str, str], config: Path, tmp_path: Path) -> None:
    config.parent.mkdir()
    config.symlink_to(tmp_path / "dotfiles.json")
    CredentialStore.of(environment).save("registry.example", OWNER)
    assert config.is_symlink()
    assert "registry.example" in (tmp_path / "dotfiles.json").read_text()


def test_a_malformed_file_is_left_alone(environment: Mapping[str, str], config: Path) -> None:
    config.parent.mkdir()
    config.write_text("{")
    with pytest.raises(MalformedError):
        CredentialStore.of(environment).save("registry.example", OWNER)
    assert config.read_text() == "{"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = CredentialStore(tmp_path / "file" / "config.json", {})
    with pytest.raises(FileError):
        store.save("registry.example", OWNER)


def test_nothing_is_left_behind_when_replacing_fails(environment: Mapping[str, str], config: Path) -> None:
    store = CredentialStore.of(environment)
    config.parent.mkdir()
    loaded = store._load()
    config.mkdir()
    (config / "x").mkdir()
    with pytest.raises(FileError):
        store._write(loaded, {})
    assert [path.name for path in config.parent.iterdir()] == ["config.json"]


def test_without_a_home_there_is_no_place() -> None:
    with pytest.raises(UsageError):
        CredentialStore.of({})


def test_a_helper_keeps_them_where_there_is_one(environment: Mapping[str, str], config: Path) -> None:
    use_helper(environment)
    write(config, {"credsStore": "test"})
    store = CredentialStore.of(environment)
    assert store.save("registry.example", OWNER) == "docker-credential-test"
    assert json.loads(config.read_text())["auths"] == {"registry.example": {}}
    assert json.loads(Path(environment["STATE"]).read_text())["ServerURL"] == "registry.example"
    assert find_credential(environment, "registry.example", "team/app") == OWNER
    assert store.erase("registry.example")
    assert not Path(environment["STATE"]).exists()
    assert not store.erase("registry.example")


def test_what_is_erased_is_gone(environment: Mapping[str, str], config: Path) -> None:
    store = CredentialStore.of(environment)
    assert not store.erase("registry.example")
    assert not config.exists()
    store.save("registry.example", OWNER)
    store.save("other.example", OWNER)
    assert store.erase("registry.example")
    assert list(json.loads(config.read_text())["auths"]) == ["other.example"]
