"""Files that become blobs: read twice, and the same both times."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.errors import FileError
from cosignpy.operations.local_blob import LocalBlob

CONTENT = b"first line\n" * 200_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(CONTENT)
    return made


def test_a_file_is_described_and_sent_as_it_is(file: Path) -> None:
    found = LocalBlob.describe(file)
    assert found.descriptor == Descriptor.of(CONTENT, "text/plain")
    assert b"".join(found.stream_blob(found.descriptor)) == CONTENT


def test_what_it_is_may_be_said(file: Path) -> None:
    found = LocalBlob.describe(file, "application/x-thing", {"a": "b"}).descriptor
    assert (found.media_type, found.annotations) == ("application/x-thing", {"a": "b"})


def test_a_file_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    found = LocalBlob.describe(tmp_path / "empty")
    assert found.descriptor == Descriptor.of(b"", "text/plain")
    assert list(found.stream_blob(found.descriptor)) == []


@pytest.mark.parametrize(
    "changed",
    [CONTENT + b"more", CONTENT[:-1], CONTENT.replace(b"first", b"other"), b""],
    ids=["longer", "shorter", "other", "empty"],
)
def test_a_file_that_changed_meanwhile_is_refused(file: Path, changed: bytes) -> None:
    found = LocalBlob.describe(file)
    file.write_bytes(changed)
    with pytest.raises(FileError, match="it changed while it was uploaded"):
        list(found.stream_blob(found.descriptor))


def test_a_file_that_grows_without_end_is_not_read_on(file: Path) -> None:
    found = LocalBlob.describe(file)
    with file.open("ab") as grown:
        grown.truncate(1 << 40)
    with pytest.raises(FileError):
        list(found.stream_blob(found.descriptor))


def test_a_file_that_is_gone_is_an_error(file: Path) -> None:
    found = LocalBlob.describe(file)
    file.unlink()
    with pytest.raises(FileError, match="no such file"):
        list(found.stream_blob(found.descriptor))


@pytest.mark.parametrize(
    ("make", "why"),
    [(lambda _: None, "no such file"), (Path.mkdir, "is a folder"), (os.mkfifo, "is a pipe or a device")],
    ids=["nothing", "folder", "pipe"],
)
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    make(tmp_path / "thing")
    with pytest.raises(FileError, match=why):
        LocalBlob.describe(tmp_path / "thing")


def test_a_digest_is_that_of_the_content(file: Path) -> None:
    assert LocalBlob.describe(file).descriptor.digest == Digest.of(CONTENT)
