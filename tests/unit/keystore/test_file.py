from pathlib import Path
from typing import NoReturn

import pytest

from cosignpy.core.keys.pem_file import MAX_KEY_FILE
from cosignpy.errors import FileError, KeyUnusable, LimitExceeded, MalformedError
from cosignpy.keystore.file import KeyFile
from cosignpy.keystore.reference import load_public_key, load_signer
from tests.support.keys import key_vectors

VECTOR = key_vectors()["P-256"]


def ask_nobody() -> NoReturn:
    message = "there is nothing to open"
    raise AssertionError(message)


@pytest.fixture
def private(tmp_path: Path) -> Path:
    path = tmp_path / "cosign.key"
    path.write_bytes(VECTOR.cosign3)
    path.chmod(0o600)
    return path


@pytest.fixture
def public(tmp_path: Path) -> Path:
    path = tmp_path / "cosign.pub"
    path.write_bytes(VECTOR.public)
    return path


def test_both_halves_are_loaded_from_files(private: Path, public: Path) -> None:
    signer = load_signer(str(private), lambda: VECTOR.password)
    assert signer.public_key == load_public_key(str(public)) == VECTOR.public_key()


@pytest.mark.parametrize("mode", [0o400, 0o640, 0o660])
def test_the_group_may_have_access(private: Path, mode: int) -> None:
    private.chmod(mode)
    KeyFile.read(str(private)).refuse_exposed()


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644])
def test_a_private_key_that_others_can_touch_is_refused_before_a_password_is_asked_for(
    private: Path, mode: int
) -> None:
    private.chmod(mode)
    with pytest.raises(FileError) as caught:
        load_signer(str(private), ask_nobody)
    assert caught.value.path == str(private)
    assert caught.value.hint == f"chmod 600 {private}"


def test_an_exposed_file_that_is_no_private_key_is_called_that(public: Path) -> None:
    public.chmod(0o644)
    with pytest.raises(KeyUnusable):
        load_signer(str(public), ask_nobody)


@pytest.mark.parametrize("name", ["absent", "absent/cosign.key", "", "cosign.key\x00"])
def test_a_file_that_is_not_there_is_reported(tmp_path: Path, name: str) -> None:
    path = f"{tmp_path}/{name}" if name else str(tmp_path)
    with pytest.raises(FileError) as caught:
        KeyFile.read(path)
    assert caught.value.path == path


def test_whoever_verifies_is_not_told_to_make_a_key_pair(tmp_path: Path) -> None:
    """A new key verifies nothing that another has signed."""
    missing = str(tmp_path / "cosign.pub")
    for load, part in (
        (lambda: load_public_key(missing), "name the public key"),
        (lambda: load_signer(missing, ask_nobody), "generate-key-pair"),
    ):
        with pytest.raises(FileError) as caught:
            load()
        assert part in (caught.value.hint or "")


def test_a_path_through_a_file_is_reported(public: Path) -> None:
    with pytest.raises(FileError):
        KeyFile.read(f"{public}/cosign.key")


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x02\x01", VECTOR.cosign3[:300]], ids=["empty", "foreign", "cut"])
def test_a_file_that_is_no_whole_key_is_malformed(private: Path, content: bytes) -> None:
    private.write_bytes(content)
    for load in (lambda: load_signer(str(private), ask_nobody), lambda: load_public_key(str(private))):
        with pytest.raises(MalformedError) as caught:
            load()
        assert caught.value.what == str(private)


def test_no_more_than_the_limit_is_read_of_a_file_without_end() -> None:
    file = KeyFile.read("/dev/zero")
    assert len(file.raw) == MAX_KEY_FILE + 1
    with pytest.raises(LimitExceeded):
        load_public_key("/dev/zero")
