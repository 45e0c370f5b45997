"""What is signed and verified: files, content and digests, and nothing that could be mistaken for one of them."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from cosignpy.api.artifacts import name_artifact, select_artifact
from cosignpy.core.digest import Digest
from cosignpy.core.predicates import NamedArtifact
from cosignpy.errors import FileError, LimitExceeded, UsageError
from cosignpy.operations import artifacts

CONTENT = b"content"
BOTH = frozenset({"sha256", "sha512"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(CONTENT)
    return tmp_path / "file"


def test_a_file_and_its_content_are_the_same_artifact(file: Path) -> None:
    wanted = {name: hashlib.new(name, CONTENT).digest() for name in BOTH}
    for blob in (file, CONTENT):
        assert select_artifact(blob).read_digests(BOTH) == wanted
        assert select_artifact(blob).read_content() == CONTENT


def test_a_digest_is_all_that_is_known_of_what_is_elsewhere() -> None:
    known = select_artifact(Digest.of(CONTENT))
    assert known.read_digests(BOTH) == {"sha256": hashlib.sha256(CONTENT).digest()}
    assert known.read_content() is None


@pytest.mark.parametrize("blob", ["file", bytearray(CONTENT), None])
def test_a_text_is_no_file(blob: Any) -> None:
    with pytest.raises(UsageError):
        select_artifact(blob)


def test_a_file_that_is_not_there_is_an_error_of_the_file(tmp_path: Path) -> None:
    missing = select_artifact(tmp_path / "missing")
    with pytest.raises(FileError):
        missing.read_digests(BOTH)
    with pytest.raises(FileError):
        missing.read_content()


def test_a_file_that_is_signed_whole_is_limited(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MAX_CONTENT", len(CONTENT))
    assert select_artifact(file).read_content() == CONTENT
    monkeypatch.setattr(artifacts, "MAX_CONTENT", len(CONTENT) - 1)
    with pytest.raises(LimitExceeded):
        select_artifact(file).read_content()


def test_a_statement_names_a_file_by_its_last_part(file: Path) -> None:
    assert name_artifact(file) == NamedArtifact("file", Digest.of(CONTENT))
    assert name_artifact(Digest.of(CONTENT)) == NamedArtifact("", Digest.of(CONTENT))
