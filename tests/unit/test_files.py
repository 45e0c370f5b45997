"""Local files: what a directory lists is made durable, or it is said that it is not."""

import os
from pathlib import Path

import pytest

from cosignpy.errors import FileError
from cosignpy.files import sync_directory


def test_a_directory_is_synced_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())), real(handle))
    )
    before = len(list(Path("/proc/self/fd").iterdir()))
    sync_directory(tmp_path)
    assert synced == [str(tmp_path)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_directory_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError) as caught:
        sync_directory(tmp_path / name)
    assert caught.value.path == str(tmp_path / name)
