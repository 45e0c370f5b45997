"""All authorities of a server: opened by the first process, and again in workers with the keys it had."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ca_server.authorities import MAIN, begin_authorities, open_authorities
from ca_server.authority.ceremony import NewPasswords, begin_authority
from ca_server.authority.directory import FOLDER, AuthorityDirectory
from ca_server.authority.files import utc_now
from ca_server.authority.hierarchy import Plan
from ca_server.authority.profile import Role
from ca_server.authority.rules import verify_chain
from ca_server.config import AuthoritySettings, Backend, Settings, TimestampSettings
from cosignpy.errors import FileError

EPHEMERAL = AuthoritySettings(Backend.EPHEMERAL)
ISSUER = "https://issuer.example.com"


def authority_in(data: Path, name: str) -> Path:
    path = data / FOLDER
    data.mkdir(exist_ok=True)
    begin_authority(AuthorityDirectory(path), Plan("Example", name), NewPasswords(b"", b""), utc_now())
    return path


def settings(main: AuthoritySettings, private: Mapping[str, AuthoritySettings], *, stamps: bool = True) -> Settings:
    return Settings(authority=main, private_authorities=private, timestamps=TimestampSettings(serve=stamps))


def test_workers_are_the_authority_in_memory_that_the_first_process_made(tmp_path: Path) -> None:
    chosen = settings(EPHEMERAL, {ISSUER: EPHEMERAL})
    handover = begin_authorities(chosen, tmp_path)
    first, second = (open_authorities(chosen, tmp_path, handover) for _ in range(2))
    for name in (MAIN, ISSUER):
        assert first.issuing[name].trusted_chains() == second.issuing[name].trusted_chains()
        verify_chain(first.issuing[name].current().chain, Role.ISSUING, utc_now(), what="chain")
    assert first.issuing[MAIN].trusted_chains() != first.issuing[ISSUER].trusted_chains()
    assert first.timestamping is not None
    verify_chain(first.timestamping.current().chain, Role.TIMESTAMPING, utc_now(), what="chain")
    assert first.watched == ()


def test_workers_open_files_with_the_keys_that_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They need no password, since they open no key."""
    path = tmp_path / FOLDER
    private = AuthoritySettings(directory=authority_in(tmp_path / "private", "private"))
    begin_authority(AuthorityDirectory(path), Plan("Example", "main"), NewPasswords(b"secret", b"secret"), utc_now())
    chosen = settings(AuthoritySettings(), {ISSUER: private})
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    handover = begin_authorities(chosen, tmp_path)
    monkeypatch.delenv("COSIGN_PASSWORD")
    opened = open_authorities(chosen, tmp_path, handover)
    assert opened.timestamping is not None
    assert len(opened.watched) == 3
    assert opened.issuing[MAIN].current().signer.public_key != opened.issuing[ISSUER].current().signer.public_key


def test_without_timestamps_their_key_is_not_needed(tmp_path: Path) -> None:
    for left in sorted((authority_in(tmp_path, "main") / Role.TIMESTAMPING).glob("*/*")):
        left.unlink()
    with pytest.raises(FileError):
        begin_authorities(settings(AuthoritySettings(), {}), tmp_path)
    chosen = settings(AuthoritySettings(), {}, stamps=False)
    opened = open_authorities(chosen, tmp_path, begin_authorities(chosen, tmp_path))
    assert (opened.timestamping, len(opened.watched)) == (None, 1)


def test_nothing_secret_is_in_the_picture_of_what_workers_get(tmp_path: Path) -> None:
    handover = begin_authorities(settings(EPHEMERAL, {}), tmp_path)
    pictures = [repr(handover), repr(handover.in_memory[MAIN]), repr(handover.in_memory[MAIN].issuing)]
    assert pictures == ["Handover(...)", "AuthorityInMemory(...)", "PairInMemory(...)"]
