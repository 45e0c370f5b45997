"""Whether a log can commit, as its sequencer tells it."""

import os
from pathlib import Path

import pytest

from log_server.sequencing.readiness import (
    IDLE_SECONDS,
    TROUBLED_SECONDS,
    Readiness,
    read_trouble,
    trouble_path,
)
from log_server.storage.protocol import StorageError

FULL = StorageError("/data/rekor-v2/0001/journal", "the disk is full")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return trouble_path(tmp_path / "rekor-v2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "0001"
    made.mkdir()
    return made


def test_a_log_that_was_just_opened_can_commit(path: Path, folder: Path) -> None:
    Readiness(path, folder, 0.0).close()
    assert read_trouble(path) == ""


def test_before_there_is_a_sequencer_nothing_is_known(path: Path) -> None:
    assert read_trouble(path) == ""


def test_a_batch_that_could_not_be_stored_tells_why_until_one_could(path: Path, folder: Path) -> None:
    """Not where: that is nobody's business outside."""
    readiness = Readiness(path, folder, 0.0)
    readiness.refused(FULL, 1.0)
    assert read_trouble(path) == "the disk is full"
    readiness.committed(2.0)
    assert read_trouble(path) == ""


def test_after_a_failure_the_log_tries_by_itself(path: Path, folder: Path) -> None:
    readiness = Readiness(path, folder, 0.0)
    readiness.refused(FULL, 1.0)
    readiness.look("", 1.0 + TROUBLED_SECONDS - 0.1)
    assert read_trouble(path) == "the disk is full"
    readiness.look("", 1.0 + TROUBLED_SECONDS)
    assert read_trouble(path) == ""
    assert list(folder.iterdir()) == []


def test_an_idle_log_notices_that_it_could_not_commit(path: Path, folder: Path) -> None:
    readiness = Readiness(path, folder, 0.0)
    folder.rmdir()
    readiness.look("", IDLE_SECONDS - 1.0)
    assert read_trouble(path) == ""
    readiness.look("", float(IDLE_SECONDS))
    assert read_trouble(path) == os.strerror(2)


def test_what_keeps_the_writer_from_its_work_comes_first(path: Path, folder: Path) -> None:
    readiness = Readiness(path, folder, 0.0)
    readiness.look("too few witnesses cosigned", 1.0)
    assert read_trouble(path) == "too few witnesses cosigned"
    readiness.look("", 1.5)
    assert read_trouble(path) == "too few witnesses cosigned", "nothing has shown yet that it is over"


def test_a_long_reason_is_cut(path: Path, folder: Path) -> None:
    readiness = Readiness(path, folder, 0.0)
    readiness.look("é" * 5000, 1.0)
    size = path.stat().st_size
    readiness.look("short", 2.0)
    assert (read_trouble(path), path.stat().st_size) == ("short", size)


def test_a_folder_that_cannot_have_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Readiness(tmp_path / "none" / "ct.trouble", tmp_path, 0.0)
