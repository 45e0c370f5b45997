"""The authorities that settings name."""

from pathlib import Path

import pytest

from ca_server.authority.files import utc_now
from ca_server.authority.opening import directory_of, open_authority
from ca_server.authority.profile import Role
from ca_server.authority.rules import verify_chain
from ca_server.config import AuthoritySettings, Backend
from cosignpy.errors import FileError
from tests.support.authorities import DAY, Hands, directory_at, rotated


def test_files_below_the_data_directory_are_the_default(tmp_path: Path) -> None:
    hands = Hands()
    directory = directory_at(tmp_path)
    found = open_authority(AuthoritySettings(), tmp_path, hands.ports())
    assert len(found.watched) == 2
    for role in Role:
        rotated(directory, hands.now + DAY, role=role)
    for watched in found.watched:
        watched.reload_if_changed()
    assert [len(found.issuing.trusted_chains()), len(found.timestamping.trusted_chains())] == [2, 2]


def test_they_may_be_elsewhere(tmp_path: Path) -> None:
    settings = AuthoritySettings(directory=tmp_path / "elsewhere" / "authority")
    (tmp_path / "elsewhere").mkdir()
    assert directory_of(settings, tmp_path) == directory_at(tmp_path / "elsewhere")
    with pytest.raises(FileError):
        open_authority(AuthoritySettings(), tmp_path, Hands().ports())


def test_an_ephemeral_one_needs_no_files(tmp_path: Path) -> None:
    found = open_authority(AuthoritySettings(Backend.EPHEMERAL), tmp_path / "nowhere", Hands().ports())
    assert found.watched == ()
    verify_chain(found.issuing.current().chain, Role.ISSUING, Hands().now, what="chain")
    verify_chain(found.timestamping.current().chain, Role.TIMESTAMPING, Hands().now, what="chain")


def test_now_is_in_utc() -> None:
    assert str(utc_now().tzinfo) == "UTC"
