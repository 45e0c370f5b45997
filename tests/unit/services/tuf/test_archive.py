"""Trust repositories in archives: files, and nothing else, and no more than a repository has."""

import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest

from cosignpy.errors import FileError, LimitExceeded, MalformedError
from cosignpy.services.tuf import archive
from cosignpy.services.tuf.archive import unpack_repository
from tests.support.trust_archives import packed

FILES: Final = {"1.root.json": b"root", "targets/a.json": b"target"}


def unpacked(folder: Path, raw: bytes) -> Mapping[str, bytes]:
    unpack_repository(raw, folder)
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("folder", ["", "repository/", "/repository/", "./"])
def test_files_lie_below_the_folder(tmp_path: Path, folder: str) -> None:
    assert unpacked(tmp_path, packed({f"{folder}{name}": raw for name, raw in FILES.items()})) == FILES


@pytest.mark.parametrize("name", ["../a", "targets/../../a", "repository", "/"])
def test_files_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(MalformedError):
        unpack_repository(packed({name: b"x"}), tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_what_is_no_file(tmp_path: Path, kind: bytes) -> None:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as made:
        member = tarfile.TarInfo("1.root.json")
        member.type, member.linkname = kind, "/etc/passwd"
        made.addfile(member)
    with pytest.raises(MalformedError):
        unpack_repository(buffer.getvalue(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("raw", [b"", b"no archive", packed(FILES)[:-30], packed(FILES)[:40]])
def test_what_is_no_archive(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(MalformedError):
        unpack_repository(raw, tmp_path)


@pytest.mark.parametrize(("name", "most"), [("MAX_FILES", 1), ("MAX_SIZE", 5)])
def test_more_than_a_repository_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    monkeypatch.setattr(archive, name, most)
    with pytest.raises(LimitExceeded):
        unpack_repository(packed(FILES), tmp_path)


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "targets").write_bytes(b"a file")
    with pytest.raises(FileError):
        unpack_repository(packed(FILES), tmp_path)
