"""The file of logs that a witness knows."""

import os
from pathlib import Path

import pytest

from cosignpy.errors import FileError, LimitExceeded, MalformedError
from log_server.witness.known_logs import MAX_LOGS_FILE, KnownLogsFile, parse_known_logs
from tests.support.witnesses import log_vkey, new_key, witness_vkey

ONE, OTHER = log_vkey(new_key(), "one.example"), log_vkey(new_key(), "other.example")


def test_logs_are_known_by_the_name_of_their_key_or_by_the_origin_behind_it() -> None:
    found = parse_known_logs(f"# logs\n\n {ONE}\n{OTHER}  other.example - 17 \n".encode(), what="logs")
    assert list(found) == ["one.example", "other.example - 17"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"one.example", id="no key"),
        pytest.param(witness_vkey(new_key(), "w.example").encode(), id="key of a witness"),
        pytest.param(ONE.encode(), id="there twice"),
        pytest.param(b"\xff", id="not UTF-8"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(line: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_known_logs(ONE.encode() + b"\n" + line, what="logs.txt")
    assert caught.value.what == "logs.txt, line 2"


def test_the_file_has_a_limit() -> None:
    with pytest.raises(LimitExceeded):
        parse_known_logs(b"#" * (MAX_LOGS_FILE + 1), what="logs")


def test_a_file_that_changes_is_read_again_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "logs.txt"
    path.write_text(f"{ONE}\n")
    file = KnownLogsFile(path)
    path.write_text(f"{ONE}\n{OTHER}\n")
    os.utime(path, (1, 1))
    file.reload_if_changed()
    assert list(file.logs) == ["one.example", "other.example"]
    file.reload_if_changed()
    path.write_text("broken\n")
    with pytest.raises(MalformedError):
        file.reload_if_changed()
    assert list(file.logs) == ["one.example", "other.example"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        KnownLogsFile(tmp_path / "absent")
    assert caught.value.path == str(tmp_path / "absent")
