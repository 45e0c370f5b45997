"""The root that somebody names: files, variables and checksums. URLs: tests/integration/services."""

import hashlib
from pathlib import Path

import pytest

from cosignpy.errors import DigestMismatch, FileError, MalformedError, UsageError
from cosignpy.services.tuf.initial_root import InitialRoot
from tests.support.trust_caches import NoServer

ROOT = b"the root"
SHA256 = hashlib.sha256(ROOT).hexdigest()
SHA512 = hashlib.sha512(ROOT).hexdigest()


def load(text: str, checksum: str | None = None, **environment: str) -> bytes:
    return InitialRoot.parse(text, checksum).load(NoServer(), environment)


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "root.json").write_bytes(ROOT)
    return str(tmp_path / "root.json")


@pytest.mark.parametrize("checksum", [None, SHA256, SHA256.upper(), f"sha256:{SHA256}", f"SHA512:{SHA512}"])
def test_a_file_with_its_checksum_in_each_spelling(path: str, checksum: str | None) -> None:
    assert load(path, checksum) == ROOT


@pytest.mark.parametrize("checksum", ["0" * 64, f"sha512:{'0' * 128}"])
def test_a_file_without_its_checksum_is_refused(path: str, checksum: str) -> None:
    with pytest.raises(DigestMismatch):
        load(path, checksum)


@pytest.mark.parametrize(
    "checksum", ["", "sha256:", SHA256[:-1], f"md5:{SHA256[:32]}", f"sha512:{SHA256}", f"a:b:{SHA256}"]
)
def test_what_is_no_checksum_is_refused(path: str, checksum: str) -> None:
    with pytest.raises(MalformedError):
        load(path, checksum)


def test_a_variable() -> None:
    assert load("env://ROOT", SHA256, ROOT=ROOT.decode()) == ROOT


def test_a_variable_that_is_not_set() -> None:
    with pytest.raises(UsageError):
        load("env://ROOT")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        load(str(tmp_path / "root.json"))


def test_any_other_scheme_is_refused() -> None:
    with pytest.raises(MalformedError):
        load("gs://bucket/root.json")


def test_plain_http_from_elsewhere_needs_a_checksum() -> None:
    with pytest.raises(UsageError):
        load("http://tuf.example/root.json")


def test_plain_http_with_a_checksum_is_fetched() -> None:
    with pytest.raises(AssertionError):
        load("http://tuf.example/root.json", SHA256)
