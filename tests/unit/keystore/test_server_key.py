"""The key file of a server: what it is with a password and without, and who may open it."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import FileError, UsageError, WrongPassword
from cosignpy.keystore.server_key import environment_password, given_password, load_key_file, save_key_file

KEY = PrivateKey.generate(ED25519)


def refuse() -> bytes:
    raise AssertionError("nobody asked for a password")


def test_without_a_password_the_key_is_plain_and_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    for password in (None, b""):
        save_key_file(path, KEY, password)
        assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load_key_file(str(path), refuse).public_key == KEY.public_key


def test_with_a_password_it_opens_with_that_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    save_key_file(path, KEY, b"secret")
    assert b"BEGIN ENCRYPTED SIGSTORE PRIVATE KEY" in path.read_bytes()
    assert load_key_file(str(path), lambda: b"secret").public_key == KEY.public_key
    with pytest.raises(WrongPassword) as caught:
        load_key_file(str(path), lambda: b"other")
    assert (caught.value.source, "COSIGN_PASSWORD" in (caught.value.hint or "")) == (str(path), True)


def test_a_key_that_openssl_encrypted_opens_too(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(KEY.handle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    path.chmod(0o600)
    assert load_key_file(str(path), lambda: b"secret").public_key == KEY.public_key
    with pytest.raises(WrongPassword) as caught:
        load_key_file(str(path), lambda: b"other")
    assert "COSIGN_PASSWORD" in (caught.value.hint or "")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    save_key_file(path, KEY, None)
    path.chmod(0o644)
    with pytest.raises(FileError):
        load_key_file(str(path), refuse)


def test_the_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    assert given_password() is None
    with pytest.raises(UsageError):
        environment_password()
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    assert environment_password() == b""
    monkeypatch.setenv("COSIGN_PASSWORD", "sécret")
    assert environment_password() == "sécret".encode()
