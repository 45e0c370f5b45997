"""Where the authorities of settings are."""

from pathlib import Path

import pytest

from ca_server.authority.files import utc_now
from ca_server.authority.opening import directory_of, open_issuing, open_timestamping
from ca_server.authority.profile import Period, Role
from ca_server.authority.rotation import rotate
from ca_server.config import AuthoritySettings
from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import FileError, KeyUnusable
from tests.support.authorities import DAY, Hands, directory_at, root_of, rotated


def test_both_roles_of_a_directory_are_opened_and_follow_it(tmp_path: Path) -> None:
    hands = Hands()
    directory = directory_at(tmp_path)
    issuing, stamping = open_issuing(directory, hands.ports()), open_timestamping(directory, hands.ports())
    for role in Role:
        rotated(directory, hands.now + DAY, role=role)
    issuing.reload_if_changed()
    stamping.reload_if_changed()
    assert [len(issuing.trusted_chains()), len(stamping.trusted_chains())] == [2, 2]


def test_a_new_key_that_clients_know_no_stamps_of_leaves_the_old_one_in_force(tmp_path: Path) -> None:
    hands = Hands()
    directory = directory_at(tmp_path)
    stamping = open_timestamping(directory, hands.ports())
    before = stamping.current()
    period = Period(hands.now, hands.now + 100 * DAY)
    rotate(directory, Role.TIMESTAMPING, root_of(directory), (PrivateKey.generate(ED25519), b""), period)
    with pytest.raises(KeyUnusable):
        stamping.reload_if_changed()
    assert stamping.current() is before


def test_the_data_directory_has_one_and_they_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    settings = AuthoritySettings(directory=tmp_path / "elsewhere" / "authority")
    assert directory_of(settings, tmp_path) == directory_at(tmp_path / "elsewhere")
    with pytest.raises(FileError):
        open_issuing(directory_of(AuthoritySettings(), tmp_path), Hands().ports())


def test_now_is_in_utc() -> None:
    assert str(utc_now().tzinfo) == "UTC"
