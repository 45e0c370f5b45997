"""The beginning of an authority: all of it is there in the end, or nothing."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from ca_server.authority.ceremony import NewPasswords, begin_authority, begin_data
from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.profile import Role
from ca_server.authority.rules import verify_chain, verify_key
from ca_server.config import Settings
from cosignpy.errors import CosignError, FileError, UsageError, WrongPassword
from cosignpy.keystore.server_key import load_key_file
from cosignpy.serving.settings import load_settings
from cosignpy.values import replace
from tests.support.authorities import BEGIN, DAY, OPEN, PLAN, no_password


def test_a_data_directory_has_a_sound_authority_and_all_settings(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    begin_data(data, PLAN, OPEN, BEGIN)
    directory = AuthorityDirectory(data / "authority")
    for role in Role:
        (folder,) = directory.folders(role)
        verify_chain(folder.read_chain(), role, BEGIN + DAY, what="chain")
        verify_key(folder.read_chain(), folder.load_signer(no_password), what="key")
        assert folder.read_chain()[1] == directory.read_root()
    assert load_settings(data / "ca.yaml", Settings) == Settings()
    assert sorted(path.name for path in data.iterdir()) == ["authority", "ca.yaml"]


def test_each_password_opens_the_keys_it_is_for_and_no_others(tmp_path: Path) -> None:
    directory = AuthorityDirectory(tmp_path / "authority")
    begin_authority(directory, PLAN, NewPasswords(b"root", b"server"), BEGIN)
    key = str(directory.folders(Role.ISSUING)[0].path / "key.pem")
    load_key_file(str(directory.root_key), lambda: b"root")
    load_key_file(key, lambda: b"server")
    for path, password in ((str(directory.root_key), b"server"), (key, b"root")):
        with pytest.raises(WrongPassword):
            load_key_file(path, lambda password=password: password)  # type: ignore[misc]


def test_passwords_are_not_shown() -> None:
    assert "secret" not in repr(NewPasswords(b"secret", b"secret"))


@pytest.mark.parametrize("name", ["authority", "ca.yaml"])
def test_nothing_is_ever_overwritten(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError):
        begin_data(tmp_path, PLAN, OPEN, BEGIN)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_an_authority_that_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    directory = AuthorityDirectory(tmp_path / "authority")
    begin_authority(directory, PLAN, OPEN, BEGIN)
    before = directory.read_root()
    with pytest.raises(FileError):
        begin_authority(directory, PLAN, OPEN, BEGIN)
    assert directory.read_root() == before
    assert [path.name for path in tmp_path.iterdir()] == ["authority"]


def test_what_was_in_the_directory_before_stays(tmp_path: Path) -> None:
    (tmp_path / "issuers.yaml").write_text("{}")
    begin_data(tmp_path, PLAN, OPEN, BEGIN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["authority", "ca.yaml", "issuers.yaml"]


def test_a_plan_that_cannot_be_leaves_no_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        begin_data(tmp_path / "data", replace(PLAN, organization=""), OPEN, BEGIN)
    assert not (tmp_path / "data").exists()


WRITES: Final = ("fsync", "rename", "replace", "mkdir")


def count_writes(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> list[str]:
    """Call `act` with the number of each write, before it happens, and return the names of all."""
    seen: list[str] = []
    for name in WRITES:
        real = getattr(os, name)

        def write(*given: Any, real: Any = real, name: str = name, **named: Any) -> Any:
            act(len(seen))
            seen.append(name)
            return real(*given, **named)

        monkeypatch.setattr(os, name, write)
    return seen


def test_there_are_as_many_writes_as_the_next_test_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = count_writes(monkeypatch, lambda _: None)
    begin_data(tmp_path / "data", PLAN, OPEN, BEGIN)
    assert len(seen) == MANY
    assert seen.count("replace") == 7


MANY: Final = 31


@pytest.mark.parametrize("at", range(MANY))
def test_a_write_that_fails_leaves_nothing(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(number: int) -> None:
        if number == at:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        count_writes(patched, act)
        with pytest.raises(CosignError):
            begin_data(tmp_path / "data", PLAN, OPEN, BEGIN)
    assert list(tmp_path.iterdir()) == []
    begin_data(tmp_path / "data", PLAN, OPEN, BEGIN)


PLACES: Final[Mapping[str, Callable[[Path], Path]]] = {
    "a file in the way": lambda path: path / "file" / "data",
    "a name too long": lambda path: path / ("n" * 300),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_place_that_cannot_be_is_named(place: Callable[[Path], Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError) as caught:
        begin_data(place(tmp_path), PLAN, OPEN, BEGIN)
    assert caught.value.path.startswith(str(place(tmp_path)))
