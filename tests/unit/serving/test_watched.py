import logging
import os
import time
from pathlib import Path

import pytest

from cosignpy.errors import FileError, UsageError
from cosignpy.serving.watched import WatchedFiles, reload_all
from cosignpy.values import record


@record
class Thing:
    """Something that can be reloaded, or not."""

    error: Exception | None = None
    reloads: int = 0

    def reload_if_changed(self) -> None:
        self.reloads += 1
        if self.error is not None:
            raise self.error


def changed(watched: WatchedFiles) -> bool:
    """Tell whether the files would be read."""
    reads: list[None] = []
    watched.follow(lambda: reads.append(None))
    return bool(reads)


def test_a_change_is_reported_once(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("1")
    watched = WatchedFiles(one, other)
    assert not changed(watched)
    other.write_text("22")
    assert (changed(watched), changed(watched)) == (True, False)


def test_a_file_of_the_same_size_and_time_in_its_place_is_a_change(tmp_path: Path) -> None:
    file, new = tmp_path / "file", tmp_path / "new"
    file.write_text("1")
    new.write_text("2")
    os.utime(new, ns=(0, file.stat().st_mtime_ns))
    watched = WatchedFiles(file)
    new.replace(file)
    assert changed(watched)


def test_a_file_that_is_made_readable_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    file.chmod(0o200)
    watched = WatchedFiles(file)
    time.sleep(0.02)  # clocks of file systems tick every few milliseconds
    file.chmod(0o600)
    assert changed(watched)


def test_a_file_that_goes_and_comes_is_two_changes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    watched = WatchedFiles(file)
    assert not changed(watched)
    file.write_text("1")
    assert changed(watched)
    file.unlink()
    assert changed(watched)


def test_files_that_could_not_be_read_are_read_again_and_that_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    watched = WatchedFiles(file)
    outcomes = [FileError("file", "Too many open files")] * 2 + [FileError("file", "not PEM"), None]
    said = []

    def read() -> None:
        error = outcomes.pop(0)
        if error is not None:
            raise error

    file.write_text("1")
    for _ in range(6):
        try:
            watched.follow(read)
        except FileError as error:
            said.append(error.why)
    assert (said, outcomes) == (["Too many open files", "not PEM"], [])


def test_what_is_still_wrong_after_a_change_is_said_again(tmp_path: Path) -> None:
    file = tmp_path / "file"
    watched = WatchedFiles(file)

    def fail() -> None:
        raise FileError("file", "not PEM")

    for content in ("1", "22"):
        file.write_text(content)
        with pytest.raises(FileError):
            watched.follow(fail)
        watched.follow(fail)


def test_one_bad_file_is_logged_and_keeps_no_other_from_being_read(caplog: pytest.LogCaptureFixture) -> None:
    things = (Thing(UsageError("the key is not PEM")), Thing())
    with caplog.at_level(logging.ERROR):
        reload_all(things)
    assert [thing.reloads for thing in things] == [1, 1]
    assert "the key is not PEM" in caplog.text


def test_our_own_mistakes_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        reload_all([Thing(ZeroDivisionError())])
