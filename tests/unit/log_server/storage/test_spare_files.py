import os
from collections.abc import Callable
from pathlib import Path

import pytest

from log_server.storage.spare_files import MAX_SPARE, SpareFiles


def make(folder: Path, name: str = "old") -> str:
    path = folder / name
    path.write_bytes(b"before")
    return str(path)


def test_a_spare_file_is_given_out_once(tmp_path: Path) -> None:
    spare = SpareFiles(str(tmp_path))
    old = make(tmp_path)
    inode = Path(old).stat().st_ino
    spare.keep(old)
    taken = spare.take()
    assert taken is not None
    path, handle, size = taken
    assert (os.fstat(handle).st_ino, size) == (inode, len(b"before"))
    assert Path(path).name.startswith(".")
    os.close(handle)
    assert spare.take() is None


@pytest.mark.parametrize(
    "use",
    [lambda path: os.open(path, os.O_RDONLY), lambda path: os.link(path, path.parent / "copy")],
    ids=["someone reads it", "a copy shares it"],
)
def test_a_file_that_is_in_use_is_not_written_again(tmp_path: Path, use: Callable[[Path], int | None]) -> None:
    old = Path(make(tmp_path))
    handle = use(old)
    spare = SpareFiles(str(tmp_path))
    spare.keep(str(old))
    assert spare.take() is None
    if handle is not None:
        assert os.read(handle, 100) == b"before"
        os.close(handle)
    else:
        assert (tmp_path / "copy").read_bytes() == b"before"
    assert not list(tmp_path.glob(".*"))


def test_no_more_files_are_kept_than_are_of_use(tmp_path: Path) -> None:
    spare = SpareFiles(str(tmp_path))
    for number in range(MAX_SPARE + 1):
        spare.keep(make(tmp_path, str(number)))
    assert len(list(tmp_path.iterdir())) == MAX_SPARE


def test_what_an_earlier_run_kept_is_replaced(tmp_path: Path) -> None:
    for _ in range(2):
        SpareFiles(str(tmp_path)).keep(make(tmp_path))
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_not_there_is_not_kept(tmp_path: Path) -> None:
    spare = SpareFiles(str(tmp_path))
    spare.keep(str(tmp_path / "old"))
    assert spare.take() is None


def test_only_files_are_kept(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        SpareFiles(str(tmp_path)).keep(str(tmp_path / "folder"))
    (tmp_path / "link").symlink_to(make(tmp_path))
    SpareFiles(str(tmp_path)).keep(str(tmp_path / "link"))
    assert (tmp_path / "old").read_bytes() == b"before"
