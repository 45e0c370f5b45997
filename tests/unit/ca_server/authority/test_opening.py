"""Where the authorities of settings are."""

from pathlib import Path

import pytest

from ca_server.authority.files import utc_now
from ca_server.authority.opening import directory_of, open_issuing, open_timestamping
from ca_server.authority.profile import Role
from ca_server.config import AuthoritySettings
from cosignpy.errors import FileError
from tests.support.authorities import DAY, Hands, directory_at, rotated


def test_both_roles_of_a_directory_are_opened_and_follow_it(tmp_path: Path) -> None:
    hands = Hands()
    directory = directory_at(tmp_path)
    issuing, stamping = open_issuing(directory, hands.ports()), open_timestamping(directory, hands.ports())
    for role in Role:
        rotated(directory, hands.now + DAY, role=role)
    issuing.reload_if_changed()
    stamping.reload_if_changed()
    assert [len(issuing.trusted_chains()), len(stamping.trusted_chains())] == [2, 2]


def test_the_data_directory_has_one_and_they_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    settings = AuthoritySettings(directory=tmp_path / "elsewhere" / "authority")
    assert directory_of(settings, tmp_path) == directory_at(tmp_path / "elsewhere")
    with pytest.raises(FileError):
        open_issuing(directory_of(AuthoritySettings(), tmp_path), Hands().ports())


def test_now_is_in_utc() -> None:
    assert str(utc_now().tzinfo) == "UTC"
