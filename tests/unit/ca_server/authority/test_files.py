"""An authority whose files change while it serves: a sound pair is adopted whole, anything else not at all."""

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.files import FileAuthority
from ca_server.authority.opening import open_timestamping
from ca_server.authority.pair_folder import PairFolder
from ca_server.authority.profile import Role
from ca_server.authority.protocol import IssuingCertificate
from ca_server.authority.rotation import retire
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import CertificateError, CosignError, FileError, KeyUnusable
from cosignpy.serving.watched import reload_all
from cosignpy.values import replace
from tests.support.authorities import BEGIN, DAY, PLAN, Hands, directory_at, no_password, opened, rotated


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def directory(tmp_path: Path) -> AuthorityDirectory:
    return directory_at(tmp_path)


def chains(directory: AuthorityDirectory, *numbers: int) -> tuple[tuple[bytes, ...], ...]:
    folders = directory.folders(Role.ISSUING)
    return tuple([folders[number - 1].read_chain() for number in numbers])


def test_what_a_ceremony_made_is_in_force(directory: AuthorityDirectory, hands: Hands) -> None:
    authority = opened(directory, hands)
    assert authority.trusted_chains() == chains(directory, 1) == (authority.current().chain,)
    stamping = open_timestamping(directory, hands.ports())
    assert stamping.current().chain == directory.folders(Role.TIMESTAMPING)[0].read_chain()


def test_a_new_pair_signs_at_once_and_clients_are_told_of_both(
    directory: AuthorityDirectory, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    authority = opened(directory, hands)
    rotated(directory, hands.now)
    with caplog.at_level(logging.INFO):
        reload_all([authority])
    assert authority.current().chain == chains(directory, 2)[0]
    assert authority.trusted_chains() == chains(directory, 2, 1)
    (line,) = caplog.messages
    assert str(directory.path / "issuing" / "0002") in line


def test_a_pair_with_a_later_beginning_is_told_of_first_and_signs_when_its_time_comes(
    directory: AuthorityDirectory, hands: Hands
) -> None:
    authority = opened(directory, hands)
    rotated(directory, hands.now + 2 * DAY)
    authority.reload_if_changed()
    assert authority.current().chain == chains(directory, 1)[0]
    assert authority.trusted_chains() == chains(directory, 1, 2)
    hands.now += 2 * DAY
    authority.reload_if_changed()
    assert authority.current().chain == chains(directory, 2)[0]
    assert authority.trusted_chains() == chains(directory, 2, 1)


def test_an_old_pair_is_told_of_until_it_expires_and_needs_no_key(tmp_path: Path, hands: Hands) -> None:
    directory = directory_at(tmp_path, replace(PLAN, lifetime=10 * DAY))
    rotated(directory, hands.now)
    (directory.folders(Role.ISSUING)[0].path / "key.pem").unlink()
    authority = opened(directory, hands)
    assert authority.trusted_chains() == chains(directory, 2, 1)
    hands.now = BEGIN + 11 * DAY
    authority.reload_if_changed()
    assert authority.trusted_chains() == chains(directory, 2)


def test_a_retired_pair_is_told_of_no_longer(directory: AuthorityDirectory, hands: Hands) -> None:
    authority = opened(directory, hands)
    rotated(directory, hands.now)
    authority.reload_if_changed()
    retire(directory, Role.ISSUING, "0001", hands.now)
    authority.reload_if_changed()
    assert authority.trusted_chains() == chains(directory, 2)


def test_when_the_newest_is_retired_the_one_before_it_signs_again(directory: AuthorityDirectory, hands: Hands) -> None:
    rotated(directory, hands.now)
    authority = opened(directory, hands)
    retire(directory, Role.ISSUING, "0002", hands.now)
    authority.reload_if_changed()
    assert authority.current().chain == chains(directory, 1)[0]


def exchange_key(folder: PairFolder) -> None:
    folder.save_key(PrivateKey.generate(ECDSA_P256), b"")


def lose_key(folder: PairFolder) -> None:
    (folder.path / "key.pem").unlink()


def expose_key(folder: PairFolder) -> None:
    (folder.path / "key.pem").chmod(0o644)


def lock_key(folder: PairFolder) -> None:
    signer = folder.load_signer(no_password)
    assert isinstance(signer, PrivateKey)
    folder.save_key(signer, b"another password")


def garble_key(folder: PairFolder) -> None:
    (folder.path / "key.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")


def lose_root(folder: PairFolder) -> None:
    folder.save_chain(folder.read_chain()[:1])


def swap_chain(folder: PairFolder) -> None:
    folder.save_chain(folder.read_chain()[::-1])


def cut_chain(folder: PairFolder) -> None:
    folder.chain_path.write_bytes(folder.chain_path.read_bytes()[:-40])


def misname_key(folder: PairFolder) -> None:
    folder.save_reference("nowhere://key")


BROKEN: Final[Mapping[str, Callable[[PairFolder], None]]] = {
    "another key": exchange_key,
    "no key": lose_key,
    "a key for all to read": expose_key,
    "a key with another password": lock_key,
    "a key of garbage": garble_key,
    "no root in the chain": lose_root,
    "a chain upside down": swap_chain,
    "a cut chain": cut_chain,
    "a key in no known place": misname_key,
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_broken_new_pair_leaves_the_old_in_force_and_is_told_once(
    directory: AuthorityDirectory, hands: Hands, damage: Callable[[PairFolder], None], caplog: pytest.LogCaptureFixture
) -> None:
    authority = FileAuthority(
        directory, Role.ISSUING, IssuingCertificate.of, replace(hands.ports(), password=lambda: b"wrong")
    )
    damage(rotated(directory, hands.now))
    for _ in range(3):
        reload_all([authority])
    first = directory.folders(Role.ISSUING)[0].read_chain()
    assert (authority.current().chain, authority.trusted_chains()) == (first, (first,))
    (line,) = caplog.messages
    assert "what was read before stays in force" in line
    assert "0002" in line


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_with_a_broken_pair_no_authority_begins(
    directory: AuthorityDirectory, hands: Hands, damage: Callable[[PairFolder], None]
) -> None:
    damage(rotated(directory, hands.now))
    ports = replace(hands.ports(), password=lambda: b"wrong")
    with pytest.raises(CosignError) as caught:
        FileAuthority(directory, Role.ISSUING, IssuingCertificate.of, ports)
    assert "0002" in str(caught.value)


def test_a_broken_pair_that_is_mended_is_adopted(directory: AuthorityDirectory, hands: Hands) -> None:
    authority = opened(directory, hands)
    folder = rotated(directory, hands.now)
    expose_key(folder)
    reload_all([authority])
    (folder.path / "key.pem").chmod(0o600)
    authority.reload_if_changed()
    assert authority.current().chain == chains(directory, 2)[0]


def test_what_failed_for_a_moment_is_tried_again_without_a_change(
    directory: AuthorityDirectory, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    passwords = [b"wrong", b"wrong", b"right"]
    authority = FileAuthority(
        directory, Role.ISSUING, IssuingCertificate.of, replace(hands.ports(), password=lambda: passwords.pop(0))
    )
    folder = rotated(directory, hands.now)
    signer = folder.load_signer(no_password)
    assert isinstance(signer, PrivateKey)
    folder.save_key(signer, b"right")
    reload_all([authority])
    reload_all([authority])
    reload_all([authority])
    assert authority.current().chain == chains(directory, 2)[0]
    assert len(caplog.messages) == 1


def test_an_unfinished_pair_is_nothing_to_the_server(directory: AuthorityDirectory, hands: Hands) -> None:
    authority = opened(directory, hands)
    with directory.begin(Role.ISSUING) as folder:
        folder.save_key(PrivateKey.generate(ECDSA_P256), b"")
    authority.reload_if_changed()
    assert authority.trusted_chains() == chains(directory, 1)


def test_nothing_is_read_as_long_as_nothing_changes(directory: AuthorityDirectory, hands: Hands) -> None:
    authority = opened(directory, hands)
    before = authority.current()
    authority.reload_if_changed()
    assert authority.current() is before


def test_keys_that_are_loaded_already_are_not_opened_again(directory: AuthorityDirectory, hands: Hands) -> None:
    (folder,) = directory.folders(Role.ISSUING)
    signer = folder.load_signer(no_password)
    lose_key(folder)
    other = PrivateKey.generate(ECDSA_P256)
    ports = replace(hands.ports(), loaded=(other, signer))
    authority = FileAuthority(directory, Role.ISSUING, IssuingCertificate.of, ports)
    assert authority.current().signer is signer


def test_an_authority_whose_time_is_over_does_not_begin_and_says_when_it_was(tmp_path: Path, hands: Hands) -> None:
    directory = directory_at(tmp_path, replace(PLAN, lifetime=10 * DAY))
    hands.now = BEGIN + 11 * DAY
    with pytest.raises(CertificateError) as caught:
        opened(directory, hands)
    assert caught.value.what == str(directory.path / "issuing" / "0001" / "chain.pem")
    assert "2026-01-11" in caught.value.why


def test_a_certificate_that_expires_while_it_serves_stays_and_is_told(
    tmp_path: Path, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    directory = directory_at(tmp_path, replace(PLAN, lifetime=10 * DAY))
    authority = opened(directory, hands)
    hands.now = BEGIN + 11 * DAY
    reload_all([authority])
    assert authority.current().not_after == BEGIN + 10 * DAY
    (line,) = caplog.messages
    assert "2026-01-11" in line


def test_without_any_certificate_there_is_no_authority(directory: AuthorityDirectory, hands: Hands) -> None:
    shutil.rmtree(directory.path / "issuing")
    with pytest.raises(FileError) as caught:
        opened(directory, hands)
    assert caught.value.path == str(directory.path / "issuing")


def test_a_file_that_goes_while_it_is_looked_at_is_a_change(directory: AuthorityDirectory, hands: Hands) -> None:
    authority = opened(directory, hands)
    dangling = directory.path / "issuing" / "0001" / "dangling"
    dangling.symlink_to("nowhere")
    authority.reload_if_changed()
    assert authority.trusted_chains() == chains(directory, 1)


def test_a_key_of_another_pair_is_not_its_own(directory: AuthorityDirectory, hands: Hands) -> None:
    (folder,) = directory.folders(Role.ISSUING)
    exchange_key(folder)
    with pytest.raises(KeyUnusable) as caught:
        opened(directory, hands)
    assert caught.value.source == str(folder.path)
