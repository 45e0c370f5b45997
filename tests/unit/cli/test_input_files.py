"""Files that flags name."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from cosignpy.cli import input_files
from cosignpy.cli.input_files import read_input
from cosignpy.errors import FileError, LimitExceeded


def test_a_file_and_standard_input_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"content")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"piped")))
    assert (read_input(str(tmp_path / "file")), read_input("-")) == (b"content", b"piped")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(FileError) as failed:
            read_input(str(path))
        assert failed.value.path == str(path)


def test_too_much_is_refused_and_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "MAX_INPUT", 7)
    (tmp_path / "file").write_bytes(b"content")
    assert read_input(str(tmp_path / "file")) == b"content"
    (tmp_path / "file").write_bytes(b"content!")
    with pytest.raises(LimitExceeded):
        read_input(str(tmp_path / "file"))
