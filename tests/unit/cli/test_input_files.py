"""Files that flags name."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from cosignpy.cli import input_files
from cosignpy.cli.app import run
from cosignpy.cli.input_files import name_input, read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.errors import FileError, LimitExceeded, MalformedError


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


def test_ctrl_c_is_told_and_leaves_no_output_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(_size: int) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=SimpleNamespace(read=read)))
    monkeypatch.setattr(CURRENT, "output_file", None)  # so that it is put back
    assert run(["policy", "lint", "-", f"--output-file={tmp_path / 'out'}"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert not (tmp_path / "out").exists()


def test_what_is_malformed_is_told_with_its_file() -> None:
    for path, place in (("a.json", "a.json"), ("-", "standard input")):
        with pytest.raises(MalformedError, match=f"^malformed thing in {place}: no$"), name_input(path):
            raise MalformedError("thing", "no")
