"""Admissions in files: whole or not at all, ours alone, so many at the most, and shared by processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cosignpy.errors import FileError
from cosignpy.imagepolicy.kept_decision import MAX_KEPT
from cosignpy.operations.decision_files import DecisionFiles

KEY: Final = "a" * 64
OTHER: Final = "b" * 64

WRITER: Final = """
import sys
from pathlib import Path
from cosignpy.operations.decision_files import DecisionFiles
store = DecisionFiles.open(Path(sys.argv[1]), print, most=20)
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    store.save(f"{sys.argv[2]}{number % 40}", b"%d" % number * 4000)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cosignpy" / "decisions"


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def files(folder: Path, warnings: list[str]) -> DecisionFiles:
    return DecisionFiles.open(folder, warnings.append, most=3)


def test_what_is_saved_is_loaded_and_nobody_else_may_read_it(files: DecisionFiles, warnings: list[str]) -> None:
    assert files.load(KEY) is None
    for content in (b"first", b"second", b""):
        files.save(KEY, content)
        assert files.load(KEY) == content
    assert (files.load(OTHER), warnings) == (None, [])
    (file,) = files.folder.iterdir()
    assert (file.stat().st_mode & 0o777, files.folder.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("mode", [0o770, 0o707])
@pytest.mark.parametrize("above", [False, True], ids=["the folder", "the one above"])
def test_a_folder_that_others_can_write_to_is_refused(folder: Path, mode: int, above: bool) -> None:
    DecisionFiles.open(folder, print)
    (folder.parent if above else folder).chmod(mode)
    with pytest.raises(FileError, match="others can write to it"):
        DecisionFiles.open(folder, print)


def test_folders_are_made_so_that_others_cannot_write_whatever_the_habit(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        DecisionFiles.open(tmp_path / "a" / "cosignpy" / "decisions", print)
    finally:
        os.umask(before)


def test_a_folder_that_is_a_file(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_bytes(b"")
    with pytest.raises(FileError):
        DecisionFiles.open(folder, print)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def grow(path: Path) -> None:
    path.write_bytes(b"x" * (MAX_KEPT + 66))


def let_others_write(path: Path) -> None:
    path.chmod(0o602)


def link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


@pytest.mark.parametrize("damage", [cut, flip, empty, grow, let_others_write, link])
def test_a_file_that_cannot_be_believed_is_as_if_it_were_not_there(
    files: DecisionFiles, warnings: list[str], damage: object
) -> None:
    files.save(KEY, b"content")
    (path,) = files.folder.iterdir()
    damage(path)  # type: ignore[operator]
    assert files.load(KEY) is None
    (warning,) = warnings
    assert (str(path) in warning, "is not used" in warning) == (True, True)
    files.save(KEY, b"anew")
    assert files.load(KEY) == b"anew"


def test_what_is_too_large_is_not_kept(files: DecisionFiles) -> None:
    files.save(KEY, b"x" * (MAX_KEPT + 1))
    assert files.load(KEY) is None
    files.save(KEY, b"x" * MAX_KEPT)
    assert files.load(KEY) == b"x" * MAX_KEPT


def test_the_oldest_go_first_and_what_a_killed_writer_left(files: DecisionFiles) -> None:
    left = files.folder / f".{KEY}.json.abcdef"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    for number in range(4):
        files.save(f"{number}", b"content")
        os.utime(files.folder / f"{number}.json", (2 + number, 2 + number))
    assert sorted(each.name for each in files.folder.iterdir()) == ["1.json", "2.json", "3.json"]


def test_that_nothing_can_be_written_is_only_told(files: DecisionFiles, warnings: list[str]) -> None:
    (files.folder / f"{KEY}.json").mkdir()
    files.save(KEY, b"content")
    assert len(warnings) == 1
    assert warnings[0].startswith("a decision is not kept: ")


def start(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_a_writer_that_is_killed_leaves_nothing_that_is_half(folder: Path, warnings: list[str]) -> None:
    writer = start(folder, "k", 10_000_000)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    store = DecisionFiles.open(folder, warnings.append)
    while store.load("k0") is None:
        assert writer.poll() is None
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=30)
    found = [store.load(f"k{number}") for number in range(40)]
    assert any(found)
    assert all(each is None or len(set(each.decode())) <= len(each) // 4000 for each in found)
    assert warnings == []


def test_processes_share_a_folder(folder: Path, warnings: list[str]) -> None:
    writers = [start(folder, name, 60) for name in ("x", "y")]
    printed = [writer.communicate(timeout=60)[0] for writer in writers]
    assert ([writer.returncode for writer in writers], printed) == ([0, 0], ["ready\n", "ready\n"])
    store = DecisionFiles.open(folder, warnings.append)
    kept = [name for name in folder.iterdir() if store.load(name.stem) is not None]
    assert (len(kept) in {19, 20, 21}, warnings) == (True, [])
