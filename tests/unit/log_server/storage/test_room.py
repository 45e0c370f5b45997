import os
from pathlib import Path

import pytest

from cosignpy.values import replace
from log_server.storage.protocol import StorageError
from log_server.storage.room import RESERVED_FILES, DiskFull, DiskRoom


def free(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def test_there_is_room_while_more_than_the_reserve_is_free(tmp_path: Path) -> None:
    room = DiskRoom(tmp_path, free(tmp_path) // 2)
    room.check()
    with pytest.raises(DiskFull) as caught:
        replace(room, reserve=free(tmp_path) * 2).check()
    assert caught.value.what == str(tmp_path)


@pytest.mark.parametrize(
    ("files", "left", "enough"),
    [
        (10 * RESERVED_FILES, RESERVED_FILES, True),
        (10 * RESERVED_FILES, RESERVED_FILES - 1, False),
        (0, 0, True),
    ],
    ids=["enough names", "too few names", "names as needed"],
)
def test_files_need_room_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, left: int, *, enough: bool
) -> None:
    fields = list(os.statvfs(tmp_path))
    fields[5], fields[7] = files, left  # f_files, f_favail
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(fields))
    room = DiskRoom(tmp_path, 1)
    if enough:
        room.check()
        return
    with pytest.raises(DiskFull):
        room.check()


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        DiskRoom(tmp_path / "gone", 1).check()
    assert caught.value.what == str(tmp_path / "gone")
