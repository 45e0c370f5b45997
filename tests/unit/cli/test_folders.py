"""A folder that is compared with a list: what is read, and what never is."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from cosignpy.cli.folders import LocalFolder
from cosignpy.errors import FileError

SHA256 = frozenset({"sha256"})
CONTENT = b"content"


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    inside = tmp_path / "inside"
    (inside / "a").mkdir(parents=True)
    for path in (tmp_path / "secret", inside / "a" / "b", inside / "plain"):
        path.write_bytes(CONTENT)
    return LocalFolder.open(str(inside))


@pytest.mark.parametrize("name", ["plain", "a/b", "a/to-plain", "to-a/b"])
def test_files_and_links_among_them(folder: LocalFolder, name: str) -> None:
    (folder.root / "a" / "to-plain").symlink_to("../plain")
    (folder.root / "to-a").symlink_to(folder.root / "a")
    assert folder.read_digests(name, SHA256) == {"sha256": sha256(CONTENT).digest()}


@pytest.mark.parametrize("name", ["absent", "a/absent", "plain/absent", "dangling"])
def test_what_is_not_there(folder: LocalFolder, name: str) -> None:
    (folder.root / "dangling").symlink_to("absent")
    assert folder.read_digests(name, SHA256) is None


def test_links_out_of_the_folder(folder: LocalFolder) -> None:
    (folder.root / "to-secret").symlink_to("../secret")
    (folder.root / "out").symlink_to("..")
    (folder.root.parent / "inside-not").mkdir()
    (folder.root.parent / "inside-not" / "x").write_bytes(CONTENT)
    (folder.root / "to-sibling").symlink_to("../inside-not/x")
    for name in ("to-secret", "out/secret", "to-sibling"):
        with pytest.raises(FileError, match="leads out of the folder"):
            folder.read_digests(name, SHA256)


def test_what_is_not_a_file(folder: LocalFolder) -> None:
    os.mkfifo(folder.root / "pipe")
    for name in ("a", "pipe"):
        with pytest.raises(FileError, match="not a file"):
            folder.read_digests(name, SHA256)


def test_what_cannot_be_found(folder: LocalFolder) -> None:
    (folder.root / "loop").symlink_to("loop")
    for name in ("loop", "x" * 1000):
        with pytest.raises(FileError):
            folder.read_digests(name, SHA256)


def test_what_is_not_a_folder(folder: LocalFolder) -> None:
    for name in ("plain", "absent"):
        with pytest.raises(FileError, match="not a folder"):
            LocalFolder.open(str(folder.root / name))


def test_names(folder: LocalFolder) -> None:
    (folder.root / "to-a").symlink_to("a")
    os.mkfifo(folder.root / "a" / "pipe")
    assert sorted(folder.names()) == ["a/b", "a/pipe", "plain", "to-a"]


def test_a_folder_that_cannot_be_listed(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(FileError, match="permission denied"):
        list(folder.names())


def test_names_of_other_paths(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.root)
    assert folder.name_of("a/../plain") == "plain"
    assert folder.name_of("../secret") is None
    assert folder.name_of("-") is None
